"""Everything that can go wrong, as one tree.

SlimAgentError
├── ConfigurationError      the environment or a profile is wrong: say all problems, exit 78
├── Unavailable             a dependency cannot be reached now: degrade, or try again later
│   └── BreakerOpen         … and we are not even asking
├── LeaseLost               another worker owns the chat: whatever was computed is dropped
└── SendFailed              Evolution did not take a reply
    ├── SendRefused         never will (the number has no WhatsApp)
    ├── SendDelayed         certainly not sent, may be later (connection closed)
    └── SendUnknown         may have been sent (time-out after the write): look it up, never resend blindly
"""

from collections.abc import Sequence


class SlimAgentError(Exception):
    """Root of our failures."""


class ConfigurationError(SlimAgentError):
    """The environment or a profile is wrong; `problems` holds one sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Unavailable(SlimAgentError):
    """A dependency cannot be reached or does not answer properly now."""

    def __init__(self, dependency: str, detail: str) -> None:
        self.dependency = dependency
        self.detail = detail
        super().__init__(f"{dependency}: {detail}")


class BreakerOpen(Unavailable):
    """A dependency failed so often that it is left alone for a while."""


class LeaseLost(SlimAgentError):
    """Another worker owns the chat; nothing may be committed or sent."""


class SendFailed(SlimAgentError):
    """Evolution did not take a reply."""


class SendRefused(SendFailed):
    """The reply can never be sent to this address."""


class SendDelayed(SendFailed):
    """The reply was certainly not sent; a later attempt may succeed."""


class SendUnknown(SendFailed):
    """The reply may have left; it must be looked up before anything else."""
