"""Programs that build and check the project; no part of the product."""
