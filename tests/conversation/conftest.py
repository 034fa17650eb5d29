"""A conversation over the default profile, with a real gateway to a scripted Claude."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from tests.conversation.desk import Desk
from tests.peers.claude import Claude

from slim_agent.conversation.profile import Profile, default_profile_folder, load_profile
from slim_agent.gateways.breaker import Breaker
from slim_agent.gateways.claude import model as claude_gateway
from slim_agent.gateways.claude.model import Claude as Gateway


@pytest.fixture(scope="session")
def profile() -> Profile:
    return load_profile(default_profile_folder())


@pytest.fixture
async def claude() -> AsyncIterator[Claude]:
    async with Claude() as peer:
        yield peer


@pytest.fixture
async def gateway(claude: Claude, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    monkeypatch.setattr(claude_gateway, "BACK_OFF_SECONDS", 0.01)
    made = Gateway(
        base_url=claude.url,
        api_key=SecretStr("sk-ant-test"),
        model="claude-test",
        max_tokens=512,
        timeout=5,
        breaker=Breaker(3, 60, dependency="claude"),
    )
    yield made
    await made.aclose()


@pytest.fixture
def desk(profile: Profile, gateway: Gateway) -> Desk:
    """A conversation with a model; `desk.at` is the time."""
    return Desk(profile, gateway)


@pytest.fixture
def alone(profile: Profile) -> Desk:
    """A conversation of a company without a model."""
    return Desk(profile, None)
