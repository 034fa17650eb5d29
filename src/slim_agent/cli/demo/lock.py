"""One process at a time for a data folder."""

import fcntl
import os
from pathlib import Path
from typing import IO

from slim_agent.vocabulary.failures import SlimAgentError


class FolderBusy(SlimAgentError):
    """Another process uses this data folder."""


class Lock:
    """The right to use a data folder; it vanishes with its process, however that ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the folder.

        Raises:
            FolderBusy: says which process has it.
        """
        file = (self._folder / "lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise FolderBusy(
                f"{self._folder} is in use by process {holder}: stop it, or choose another folder"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the folder back."""
        if self._file is not None:
            self._file.close()
            self._file = None
