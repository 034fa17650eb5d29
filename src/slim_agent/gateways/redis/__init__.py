"""Redis: the doorbell. What it forgets, the sweep finds."""
