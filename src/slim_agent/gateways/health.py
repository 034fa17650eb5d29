"""How each dependency is asked for its health. Asking never counts in a breaker: only real use does."""

from pydantic import SecretStr
from redis.asyncio import Redis

from slim_agent.conversation.profile import Profile
from slim_agent.gateways.breaker import Breaker
from slim_agent.gateways.claude import probe as claude
from slim_agent.gateways.evolution import messenger as evolution
from slim_agent.gateways.evolution.client import EvolutionClient
from slim_agent.gateways.redis.connection import ping
from slim_agent.observability import metrics
from slim_agent.observability.probes import Probe, ProbeOutcome, Status
from slim_agent.sicc.knowledge import Entry, KnowledgeIndex
from slim_agent.vocabulary.failures import Unavailable

OPEN = ProbeOutcome(Status.DOWN, "circuit breaker open")
OFFLINE = ProbeOutcome(Status.DEGRADED, "answers come from the profile alone, without CLAUDE_API_KEY")


def _show(breaker: Breaker) -> None:
    metrics.breaker_open(breaker.dependency).set({"closed": 0, "half_open": 0.5, "open": 1}[breaker.state])


def redis_probe(client: Redis) -> Probe:
    """Redis is up when it takes a write."""

    async def probe() -> None:
        await ping(client)

    return probe


def claude_probe(base_url: str, api_key: SecretStr, breaker: Breaker, timeout: float) -> Probe:
    """Claude is up when it takes our key and its breaker lets us ask; without a key we are on our own."""

    async def probe() -> ProbeOutcome | None:
        _show(breaker)
        if not api_key.get_secret_value():
            return OFFLINE
        if breaker.state == "open":
            return OPEN
        await claude.probe(base_url, api_key, timeout=timeout)
        return None

    return probe


def evolution_probe(client: EvolutionClient, instances: tuple[str, ...]) -> Probe:
    """Evolution is up when every number is connected."""

    async def probe() -> ProbeOutcome | None:
        _show(client.breaker)
        if client.breaker.state == "open":
            return OPEN
        doubt = await evolution.probe(client, instances)
        return ProbeOutcome(Status.DEGRADED, doubt) if doubt else None

    return probe


def knowledge_probe(profile: Profile) -> Probe:
    """The knowledge is up when it finds an answer of its own by that answer's question."""
    entries = [Entry(entry.id, entry.question, entry.answer) for entry in profile.faq]
    index = KnowledgeIndex(entries[:1])

    async def probe() -> None:
        if not index.search(entries[0].question, top_k=1).hits:
            raise Unavailable("sicc", "the knowledge base finds nothing")

    return probe
