"""Every environment variable once: type, default, secret or not, one sentence. `load` reports all problems at once."""

from slim_agent.settings.load import load
from slim_agent.settings.model import Settings

__all__ = ["Settings", "load"]
