"""When it is said: claim, lease, run, retry, sweep, dead letters, and the worker."""
