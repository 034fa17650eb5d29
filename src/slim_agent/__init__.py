"""slim-agent answers a company's WhatsApp: nothing lost, nothing twice."""

from importlib.metadata import version

__version__ = version("slim-agent")
