"""Replies leave for WhatsApp, and are looked up when nobody knows whether they did."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import structlog

from slim_agent.gateways.evolution.client import Answer, EvolutionClient
from slim_agent.vocabulary.failures import SendUnknown, Unavailable

MAX_COMPOSING = 20
PAGE = 50
# Evolution answers only after the typing simulation is over.
COMPOSING_ANSWER_SECONDS = 10.0

log = structlog.get_logger()


class EvolutionMessenger:
    """`Messenger` on Evolution API."""

    def __init__(self, client: EvolutionClient) -> None:
        self._client = client
        self._composing: set[asyncio.Task[None]] = set()

    async def send(self, instance: str, jid: str, text: str) -> str:
        """See `Messenger.send`. The reply goes to the address exactly as it was received."""
        body = await self._client.send("/message/sendText", instance, {"number": jid, "text": text})
        wa_id = _text_at(body, "key", "id")
        if not wa_id:
            raise SendUnknown("Evolution took the message but named no id")
        return wa_id

    async def find(self, instance: str, jid: str, text: str, since: datetime, known: frozenset[str]) -> str | None:
        """See `Messenger.find`."""
        window = {"gte": since.astimezone(UTC).isoformat(), "lte": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
        where = {"key": {"remoteJid": jid, "fromMe": True}, "messageTimestamp": window}
        query = {"where": where, "page": 1, "offset": PAGE}
        answer = await self._client.inquire("POST", "/chat/findMessages", instance, query)
        if not answer.ok and not _is_unheard_of(answer):
            raise Unavailable("evolution", f"{answer.status} {answer.complaint()}")
        for record in _records(answer.body):
            wa_id = _text_at(record, "key", "id")
            ours = isinstance(record, dict) and _at(record, "key", "fromMe") is True
            said = _text_at(record, "message", "conversation") or _text_at(
                record, "message", "extendedTextMessage", "text"
            )
            if ours and wa_id and wa_id not in known and said is not None and said.strip() == text.strip():
                return wa_id
        return None

    def compose(self, instance: str, jid: str, seconds: float) -> None:
        """See `Messenger.compose`."""
        if len(self._composing) >= MAX_COMPOSING or self._client.breaker.state != "closed":
            return
        task = asyncio.create_task(self._compose(instance, jid, seconds))
        self._composing.add(task)
        task.add_done_callback(self._composing.discard)

    async def close(self) -> None:
        """Stop typing simulations."""
        for task in self._composing:
            task.cancel()
        await asyncio.gather(*self._composing, return_exceptions=True)

    async def _compose(self, instance: str, jid: str, seconds: float) -> None:
        body = {"number": jid, "presence": "composing", "delay": round(seconds * 1000)}
        try:
            await self._client.call(
                "POST", "/chat/sendPresence", instance, body, within=seconds + COMPOSING_ANSWER_SECONDS
            )
        except httpx.HTTPError as error:
            log.debug("composing_not_shown", error=type(error).__name__)


async def probe(client: EvolutionClient, instances: tuple[str, ...]) -> str | None:
    """Ask whether every number is connected; None when all are, else what is not quite right.

    Raises:
        Unavailable: Evolution does not answer, or a number is disconnected.
    """
    if not instances:
        await client.ask("GET", "/")
        return None
    for instance in instances:
        answer = await client.inquire("GET", "/instance/connectionState", instance)
        if not answer.ok and not _is_unheard_of(answer):
            raise Unavailable("evolution", f"{answer.status} {answer.complaint()}")
        state = _text_at(answer.body, "instance", "state")
        if state == "close":
            raise Unavailable("evolution", "a number is disconnected: connect it again by QR code")
        if state != "open":
            return f"a number is {state}" if state else "the state of a number is not known"
    return None


def _is_unheard_of(answer: Answer) -> bool:
    """Whether a version of Evolution has no such route; a missing instance says so in its own words."""
    return answer.status == httpx.codes.NOT_FOUND and "does not exist" not in answer.complaint()


def _records(body: object) -> list[object]:
    """Return the records of findMessages: versions wrap them differently."""
    while isinstance(body, dict):
        body = body.get("messages", body.get("records"))
    return body if isinstance(body, list) else []


def _at(body: object, *path: str) -> object:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _text_at(body: object, *path: str) -> str | None:
    found = _at(body, *path)
    return found if isinstance(found, str) else None
