"""What the IGA knows travels into our rows, and from there into the desk."""
