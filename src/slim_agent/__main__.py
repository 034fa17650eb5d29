"""`python -m slim_agent` is the `slim-agent` command."""

from slim_agent.cli import main

main()
