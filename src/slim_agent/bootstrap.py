"""The one place that joins ports to gateways: from settings to a running service, and back to nothing."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import stamina
import structlog
from redis.asyncio import Redis

from slim_agent.conversation.profile import Profile, default_profile_folder, load_profile
from slim_agent.gateways.breaker import Breaker
from slim_agent.gateways.evolution.client import EvolutionClient
from slim_agent.gateways.evolution.messenger import EvolutionMessenger
from slim_agent.gateways.health import claude_probe, evolution_probe, knowledge_probe, redis_probe
from slim_agent.gateways.postgres.database import CONNECT_TIMEOUT_SECONDS, Database
from slim_agent.gateways.postgres.inbox_store import PostgresInboxStore
from slim_agent.gateways.postgres.migrate import needs_upgrade
from slim_agent.gateways.postgres.outbox_store import PostgresOutboxStore
from slim_agent.gateways.postgres.turn_store import PostgresPaidAnswers, PostgresTurnStore
from slim_agent.gateways.redis.connection import connect, ping
from slim_agent.gateways.redis.doorbell import BullDoorbell
from slim_agent.inbox.intake import Intake
from slim_agent.inbox.signatures import Verifier
from slim_agent.observability.probes import Prober
from slim_agent.observability.redaction import Redactor
from slim_agent.outbox.delivery import Delivery
from slim_agent.settings import Settings
from slim_agent.settings.load import secret_values
from slim_agent.turns.attendant import Attendant, Pace
from slim_agent.turns.ports import Respond
from slim_agent.turns.worker import Worker
from slim_agent.vocabulary.clock import system_clock
from slim_agent.vocabulary.failures import Unavailable

if TYPE_CHECKING:
    # It brings the language model's library along, which a web process need not load.
    from slim_agent.conversation.ports import PaidAnswers

START_ATTEMPTS = 3
START_TIMEOUT_SECONDS = 6.0
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 5.0
MODEL_SHARE_OF_TURN = 0.8

Background = Callable[[], Coroutine[None, None, None]]
"""Runs until it is cancelled."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: what the web serves, and the tasks that run beside it."""

    settings: Settings
    intake: Intake
    verifier: Verifier
    prober: Prober
    background: tuple[Background, ...]
    ready: Callable[[], bool]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    """Connect, migrate, and run until the block ends; then stop taking work, let turns finish, and close everything.

    Raises:
        Unavailable: a dependency did not answer, three times over.
        ConfigurationError: the business profile is wrong.
    """
    profile = load_profile(settings.business_profile or default_profile_folder())
    settings = _at_the_profiles_pace(settings, profile)
    async with AsyncExitStack() as stack:
        redis = connect(settings.redis_url.get_secret_value())
        stack.push_async_callback(redis.aclose)
        database = await _reached(settings, redis)
        stack.push_async_callback(database.close)
        evolution = EvolutionClient(
            settings.evolution_url,
            settings.evolution_api_key.get_secret_value(),
            Breaker(settings.breaker_failures, settings.breaker_seconds, dependency="evolution"),
            timeout=settings.evolution_timeout_seconds,
        )
        stack.push_async_callback(evolution.close)
        claude_breaker = _claude_breaker(settings)
        doorbell = BullDoorbell(redis)
        stack.push_async_callback(doorbell.close)
        intake = Intake(PostgresInboxStore(database), lambda chats: doorbell.ring(chats, settings.debounce_seconds))
        stack.push_async_callback(intake.close)
        probes = {
            "supabase": database.ping,
            "redis": redis_probe(redis),
            "claude": claude_probe(
                settings.claude_base_url, settings.claude_api_key, claude_breaker, settings.probe_timeout_seconds
            ),
            "evolution": evolution_probe(evolution, settings.evolution_instance),
            "sicc": knowledge_probe(profile),
        }
        prober = Prober(
            probes,
            settings.probe_seconds,
            settings.probe_timeout_seconds,
            redact=Redactor(secret_values(settings)).text,
        )
        background: list[Background] = [prober.run]
        if settings.slim_agent_role != "web":
            respond = learn_to_talk(settings, stack, profile, PostgresPaidAnswers(database), claude_breaker)
            background.append(_hire(settings, stack, database, evolution, respond, doorbell).sweep)
        verifier = Verifier([secret.get_secret_value() for secret in settings.webhook_secret])
        yield Service(settings, intake, verifier, prober, tuple(background), lambda: prober.is_up("supabase"))


def _at_the_profiles_pace(settings: Settings, profile: Profile) -> Settings:
    """Return the settings, with the profile's own wherever the environment says nothing."""
    own = {"debounce_seconds": profile.company.debounce, "pacing": profile.company.pacing}
    told = {name: value for name, value in own.items() if value is not None and name not in settings.model_fields_set}
    return settings.model_copy(update=told)


async def _reached(settings: Settings, redis: Redis) -> Database:
    """Return the database, migrated and open, once both stores answer."""
    url = settings.database_url.get_secret_value()
    await _patiently("postgres", lambda: _reach_postgres(url))
    await _patiently("redis", lambda: ping(redis))
    if settings.migrate_on_start:
        await _migrate(url)
    elif await asyncio.to_thread(needs_upgrade, url):
        raise Unavailable("postgres", "its schema is older than this version: run slim-agent migrate")
    database = Database(url, connections=settings.database_pool)
    await database.open()
    return database


def learn_to_talk(
    settings: Settings, stack: AsyncExitStack, profile: Profile, paid: "PaidAnswers", breaker: Breaker | None = None
) -> Respond:
    """Return what answers a turn: with Claude when there is a key, else from the profile alone.

    `stack` closes what it uses. Without a `breaker` it has one of its own.
    """
    # The graph and Claude's client take seconds and 80 MiB, which a web process need not spend.
    from slim_agent.conversation.graph import Conversation  # noqa: PLC0415

    claude = None
    if settings.claude_api_key.get_secret_value():
        from slim_agent.gateways.claude.model import Claude  # noqa: PLC0415

        claude = Claude(
            base_url=settings.claude_base_url,
            api_key=settings.claude_api_key,
            model=settings.claude_model,
            max_tokens=settings.claude_max_tokens,
            timeout=settings.claude_timeout_seconds,
            breaker=breaker or _claude_breaker(settings),
        )
        stack.push_async_callback(claude.aclose)
    conversation = Conversation(
        profile,
        claude,
        paid,
        system_clock,
        max_calls=settings.claude_max_calls,
        model_seconds=settings.turn_timeout_seconds * MODEL_SHARE_OF_TURN,
    )
    return conversation.reply


def _claude_breaker(settings: Settings) -> Breaker:
    return Breaker(settings.breaker_failures, settings.breaker_seconds, dependency="claude")


def _hire(
    settings: Settings,
    stack: AsyncExitStack,
    database: Database,
    evolution: EvolutionClient,
    respond: Respond,
    doorbell: BullDoorbell,
) -> Worker:
    """Return a worker that listens to the doorbell and lets its turns end before the stack closes what they use."""
    pace = Pace(
        debounce=settings.debounce_seconds,
        debounce_max=settings.debounce_max_seconds,
        lease=settings.lease_seconds,
        turn_timeout=settings.turn_timeout_seconds,
        max_attempts=settings.turn_max_attempts,
        history=settings.history_messages,
        pacing=settings.pacing,
    )
    messenger = EvolutionMessenger(evolution)
    stack.push_async_callback(messenger.close)
    store = PostgresTurnStore(database)
    delivery = Delivery(PostgresOutboxStore(database), messenger, pacing=settings.pacing)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    worker = Worker(
        Attendant(owner, store, respond, delivery, messenger, pace),
        store,
        doorbell,
        pace,
        concurrency=settings.turn_concurrency,
        sweep_seconds=settings.sweep_seconds,
    )

    async def attend(chat_id: int) -> None:
        task = worker.wake(chat_id)
        if task is not None:
            await asyncio.shield(task)

    async def rest() -> None:
        await doorbell.hush()
        await worker.stop(settings.shutdown_grace_seconds)

    doorbell.listen(attend, concurrency=settings.turn_concurrency)
    stack.push_async_callback(rest)
    return worker


async def _patiently(dependency: str, reach: Callable[[], Awaitable[None]]) -> None:
    """Wait for a dependency with back-off.

    Raises:
        Unavailable: it did not answer, three times over.
    """
    retries = stamina.retry_context(
        on=Unavailable,
        attempts=START_ATTEMPTS,
        wait_initial=FIRST_WAIT_SECONDS,
        wait_max=LONGEST_WAIT_SECONDS,
        timeout=None,
    )
    async for attempt in retries:
        with attempt:
            try:
                await asyncio.wait_for(reach(), START_TIMEOUT_SECONDS)
            except TimeoutError as error:
                raise Unavailable(dependency, f"no answer within {START_TIMEOUT_SECONDS:g} s") from error


async def _reach_postgres(url: str) -> None:
    try:
        connection = await psycopg.AsyncConnection.connect(url, connect_timeout=CONNECT_TIMEOUT_SECONDS)
    except psycopg.Error as error:
        # The driver's first line names the host and the reason, never the password.
        raise Unavailable("postgres", str(error).strip().partition("\n")[0]) from error
    await connection.close()


async def _migrate(database_url: str) -> None:
    """Migrate in a process of its own: the migration library would stay in memory for good."""
    if not await asyncio.to_thread(needs_upgrade, database_url):
        return
    log.info("migrating")
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "slim_agent", "migrate")
    if await process.wait() != 0:
        raise Unavailable("postgres", "the migration failed; see the lines above")
