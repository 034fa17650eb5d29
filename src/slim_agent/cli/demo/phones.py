"""What happens between the simulated phones and slim-agent, with Evolution's events in Evolution's order."""

import asyncio
import json
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeAlias

from slim_agent.cli.demo import payloads
from slim_agent.cli.demo.chats import Bubble, Chats, Customer
from slim_agent.cli.demo.courier import Courier, Webhook
from slim_agent.cli.demo.payloads import Fields

DELIVERY_SECONDS = 0.3
WAITING_NEWS = 1000
News: TypeAlias = "asyncio.Queue[Fields | None]"


class Phones:
    """The customers' side of WhatsApp and the instance they write to."""

    def __init__(self, chats: Chats, courier: Courier, instance: str) -> None:
        self.chats = chats
        self.instance = instance
        self._courier = courier
        self._watchers: set[News] = set()
        self._tasks: set[asyncio.Task[object]] = set()

    def resume(self) -> None:
        """Deliver what was written before a restart and never arrived, as WhatsApp does."""
        for bubble in self.chats.messages():
            if not bubble.from_me and bubble.status == "PENDING":
                self._spawn(self._arrive(bubble))

    async def close(self) -> None:
        """Stop everything under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._courier.close()

    def write(self, jid: str, text: str) -> Bubble:
        """Let a customer write: the message is on its way when this returns."""
        bubble = Bubble(
            payloads.customer_message_id(), jid, from_me=False, text=text, at=int(time.time()), status="PENDING"
        )
        self.chats.add(bubble)
        self._tell("message", bubble.fields)
        self._spawn(self._arrive(bubble))
        return bubble

    async def send(self, number: str, text: str, delay_seconds: float = 0) -> Fields:
        """Let the company send, and return the message as ``sendText`` answers it."""
        jid = payloads.address(number)
        if delay_seconds:
            await self.compose(number, "composing", delay_seconds)
        if self.chats.customer(jid) is None:
            self.chats.meet(Customer(jid, jid.partition("@")[0]))
        message = payloads.sent(text, jid)
        bubble = _of_company(message, text, jid)
        self.chats.add(bubble)
        self._tell("typing", {"jid": jid, "on": False})
        self._tell("message", bubble.fields)
        self._spawn(self._reach(bubble, payloads.send_message(message, instance=self.instance)))
        return message

    async def compose(self, number: str, presence: str, seconds: float) -> None:
        """Show "typing" to the customer for a while; returns afterwards, as Evolution does."""
        jid = payloads.address(number)
        if presence in {"composing", "recording"}:
            self._tell("typing", {"jid": jid, "on": True})
            await asyncio.sleep(seconds)
        self._tell("typing", {"jid": jid, "on": False})

    def mark_read(self, message_id: str) -> None:
        """Let the company see a customer's message: two blue ticks."""
        self._advance(message_id, "READ")

    def look(self, jid: str) -> None:
        """Let the customer see what the company wrote."""
        for bubble in self.chats.unread(jid):
            if self._advance(bubble.id, "READ"):
                self._spawn(self._emit(payloads.update(bubble.id, "READ", jid=jid, instance=self.instance)))

    @contextmanager
    def watch(self) -> Iterator[News]:
        """Yield a queue of what happens from now on; None ends it for a watcher who fell far behind."""
        news: News = asyncio.Queue(WAITING_NEWS)
        self._watchers.add(news)
        try:
            yield news
        finally:
            self._watchers.discard(news)

    def _webhook(self) -> Webhook | None:
        row = json.loads(self.chats.webhook(self.instance) or "null")
        if not row or not row["enabled"]:
            return None
        return Webhook(row["url"], row["headers"] or {}, frozenset(row["events"]), by_events=row["webhookByEvents"])

    async def _arrive(self, bubble: Bubble) -> None:
        customer = self.chats.customer(bubble.jid)
        event = payloads.upsert(
            bubble.text,
            jid=bubble.jid,
            id=bubble.id,
            at=datetime.fromtimestamp(bubble.at, UTC),
            name=customer.name if customer else None,
            alternative=customer.alternative if customer else None,
            instance=self.instance,
        )
        delivered = await self._emit(event)
        self._advance(bubble.id, "DELIVERY_ACK" if delivered else "ERROR")

    async def _reach(self, bubble: Bubble, event: Fields) -> None:
        announcement = asyncio.create_task(self._emit(event))
        await asyncio.sleep(DELIVERY_SECONDS)
        self._advance(bubble.id, "DELIVERY_ACK")
        await self._emit(payloads.update(bubble.id, "DELIVERY_ACK", jid=bubble.jid, instance=self.instance))
        await announcement

    async def _emit(self, event: Fields) -> bool:
        webhook = self._webhook()
        statuses = await self._courier.deliver(webhook, event) if webhook else []
        return bool(statuses) and 200 <= statuses[-1] < 300  # noqa: PLR2004 - the class of success

    def _advance(self, message_id: str, status: str) -> bool:
        bubble = self.chats.advance(message_id, status)
        if bubble is not None:
            self._tell("status", {"id": bubble.id, "jid": bubble.jid, "status": status})
        return bubble is not None

    def _tell(self, kind: str, news: Mapping[str, payloads.JSON]) -> None:
        for watcher in list(self._watchers):
            if watcher.qsize() == WAITING_NEWS - 1:
                self._watchers.discard(watcher)
                watcher.put_nowait(None)
            else:
                watcher.put_nowait({"kind": kind, **news})

    def _spawn(self, work: Coroutine[None, None, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _of_company(message: Fields, text: str, jid: str) -> Bubble:
    key = message["key"]
    message_id = str(key["id"]) if isinstance(key, Mapping) else ""
    return Bubble(message_id, jid, from_me=True, text=text, at=int(time.time()), status="PENDING")


def as_message(bubble: Bubble, name: str | None) -> Fields:
    """Return a bubble as a message of Evolution."""
    at = datetime.fromtimestamp(bubble.at, UTC)
    if bubble.from_me:
        return payloads.sent(bubble.text, bubble.jid, id=bubble.id, at=at)
    data = payloads.upsert(bubble.text, jid=bubble.jid, id=bubble.id, at=at, name=name)["data"]
    return dict(data) if isinstance(data, Mapping) else {}
