"""Exit codes that scripts may rely on."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    FINE = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 78
