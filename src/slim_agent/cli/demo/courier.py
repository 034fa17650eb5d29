"""Delivers webhooks the way Evolution does: one signature an event, retries with back-off, nothing durable."""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import jwt

from slim_agent.cli.demo.payloads import Fields

TOKEN_SECONDS = 600
REQUEST_TIMEOUT_SECONDS = 30.0
MAX_ATTEMPTS = 10
FIRST_DELAY_SECONDS = 5.0
LONGEST_DELAY_SECONDS = 300.0
JITTER = 0.2
NEVER_RETRIED = frozenset({400, 401, 403, 404, 422})


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where an instance's events go. ``headers["jwt_key"]`` is not sent: it signs. No events means all."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    events: frozenset[str] = frozenset()
    by_events: bool = False

    def wants(self, event: str) -> bool:
        """Whether an event of this name is subscribed."""
        return not self.events or subscription(event) in self.events

    def address(self, event: str) -> str:
        """Return the address for an event."""
        return f"{self.url}/{subscription(event).lower().replace('_', '-')}" if self.by_events else self.url


def subscription(event: str) -> str:
    """Return the name under which an event is subscribed: ``messages.upsert`` is ``MESSAGES_UPSERT``."""
    return event.replace(".", "_").replace("-", "_").upper()


def signed(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a delivery, the key replaced by a token made with it."""
    plain = dict(headers)
    if key := plain.pop("jwt_key", None):
        now = int(time.time())
        claims = {"iat": now, "exp": now + TOKEN_SECONDS, "app": "evolution", "action": "webhook"}
        plain["Authorization"] = "Bearer " + jwt.encode(claims, key, algorithm="HS256")
    return plain


class Courier:
    """Posts events. `first_delay` (seconds) shortens all waits for those who watch."""

    def __init__(self, *, first_delay: float = FIRST_DELAY_SECONDS, attempts: int = MAX_ATTEMPTS) -> None:
        self._client = httpx.AsyncClient(timeout=REQUEST_TIMEOUT_SECONDS, trust_env=False)
        self._first_delay = first_delay
        self._attempts = attempts

    async def deliver(self, webhook: Webhook, event: Fields) -> list[int]:
        """Deliver one event and return the status of each attempt, 0 for one that got no answer.

        The last is a 2xx, or the event was given up.
        """
        name = str(event["event"])
        headers = signed(webhook.headers)  # once an event: late retries carry an expired token, as Evolution's do
        statuses: list[int] = []
        if not webhook.wants(name):
            return statuses
        for attempt in range(self._attempts):
            if attempt:
                longest = LONGEST_DELAY_SECONDS * self._first_delay / FIRST_DELAY_SECONDS
                delay = min(self._first_delay * 2 ** (attempt - 1), longest)
                await asyncio.sleep(delay * random.uniform(1, 1 + JITTER))  # noqa: S311 - spreads load, guards nothing
            try:
                body = {**event, "destination": webhook.url}
                answer = await self._client.post(webhook.address(name), json=body, headers=headers)
                statuses.append(answer.status_code)
            except httpx.HTTPError:
                statuses.append(0)
            if 200 <= statuses[-1] < 300 or statuses[-1] in NEVER_RETRIED:  # noqa: PLR2004 - the class of success
                break
        return statuses

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
