"""A few facts that a data folder remembers from run to run."""

import json
import secrets
from pathlib import Path


class Memory:
    """A few facts that outlive a run (ports, secrets), in one file that only its owner reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._facts: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def get(self, name: str) -> str | None:
        """Return a fact, or None."""
        return self._facts.get(name)

    def keep(self, name: str, value: str) -> str:
        """Remember a fact and return it."""
        self._facts[name] = value
        fresh = self._path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(self._facts, indent=1), encoding="utf-8")
        fresh.replace(self._path)
        return value

    def secret(self, name: str) -> str:
        """Return the secret of this name, made on first use."""
        return self.get(name) or self.keep(name, secrets.token_hex(32))
