"""An order becomes access: intake, verification, submission, back-reference, tracking, closure."""
