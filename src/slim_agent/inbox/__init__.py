"""What arrives: verified, normalised, given exactly one disposition, and stored once."""
