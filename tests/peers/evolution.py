"""A scripted Evolution API over real HTTP: it keeps what it is sent, and fails exactly as told.

In a test::

    async with Evolution() as evolution:
        evolution.script("sendText", DROP_ANSWER, delayed(0.2))
        ...                                   # slim-agent uses evolution.url and evolution.api_key
        assert evolution.texts() == ["Olá!"]

As a process: ``python -m tests.peers.evolution --port 8081``; ``GET /control/calls`` lists what it got.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self, TypeAlias
from urllib.parse import unquote, urlsplit

from tests.peers.listener import Answer, Drop, Listener, Request

from slim_agent.cli.demo.courier import Courier, Webhook
from slim_agent.cli.demo.payloads import (
    INSTANCE,
    JSON,
    Fields,
    address,
    error,
    found,
    no_instance,
    send_message,
    sent,
    stored,
    update,
    upsert,
)

__all__ = ["Call", "Evolution", "Fault", "send_message", "update", "upsert"]

FOREVER = 3600.0
Body: TypeAlias = Any  # a test looks at JSON of any shape


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong in one call.

    `carried_out`: whether the work is done all the same (WhatsApp gets the message). `delay` (seconds) comes
    between the work and the answer. `answer` None with `dropped` False is the normal answer.
    """

    carried_out: bool = True
    delay: float = 0
    dropped: bool = False
    answer: Answer | None = None


def refused(status: int, reason: str, message: JSON) -> Fault:
    """Return the fault that answers with an error of Evolution and does nothing."""
    return Fault(carried_out=False, answer=Answer(status, error(status, reason, message)))


def delayed(seconds: float) -> Fault:
    """Return the fault that works, and answers late."""
    return Fault(delay=seconds)


def although_sent(fault: Fault) -> Fault:
    """Return the same fault with the message sent nevertheless."""
    return replace(fault, carried_out=True)


OK = Fault()
DROP_ANSWER = Fault(dropped=True)
DROP_UNDONE = Fault(carried_out=False, dropped=True)
HANG = Fault(delay=FOREVER)
HANG_UNDONE = Fault(carried_out=False, delay=FOREVER)
NOT_ON_WHATSAPP = refused(400, "Bad Request", [{"jid": "0@s.whatsapp.net", "exists": False, "number": "0"}])
CONNECTION_CLOSED = refused(400, "Bad Request", ["Error: Connection Closed"])
CONNECTION_CLOSED_500 = refused(500, "Internal Server Error", "Connection Closed")
CLIENT_UNDEFINED = refused(500, "Internal Server Error", "Cannot read properties of undefined (reading 'onWhatsApp')")
TIMED_OUT = refused(400, "Bad Request", ["Error: Timed Out"])
SERVER_ERROR = refused(500, "Internal Server Error", "Internal Server Error")
UNLICENSED = Fault(
    carried_out=False, answer=Answer(503, {"error": "service not activated", "code": "LICENSE_REQUIRED"})
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `route` is the last word of the path before the instance, `target` the raw path."""

    route: str
    instance: str
    target: str
    body: Any


class Evolution:
    """One Evolution server with some instances, all connected.

    `keeps` False makes ``findMessages`` find nothing, as with saving off. `absent` holds the addresses that are not
    on WhatsApp. `sent` holds every message WhatsApp got, in order; `calls` every authorised request.
    """

    def __init__(self, *instances: str, api_key: str = "evolution-test-key", port: int = 0) -> None:
        self.instances = instances or (INSTANCE,)
        self.api_key = api_key
        self.keeps = True
        self.state = "open"
        self.absent: set[str] = set()
        self.sent: list[Fields] = []
        self.received: list[Fields] = []
        self.calls: list[Call] = []
        self.webhook: Webhook | None = None
        self.emits_own = False
        self._webhook_row: Any = None
        self._scripts: dict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._changed = asyncio.Condition()
        self._deliveries: set[asyncio.Task[list[int]]] = set()
        self._courier = Courier(first_delay=0.05)
        self._routes: dict[str, Callable[[str, Body], Awaitable[Answer]]] = {
            "POST message/sendText": self._send_text,
            "POST chat/sendPresence": self._send_presence,
            "POST chat/markMessageAsRead": self._mark_read,
            "POST chat/findMessages": self._find_messages,
            "POST chat/findChats": self._find_chats,
            "POST chat/whatsappNumbers": self._whatsapp_numbers,
            "GET instance/connectionState": self._connection_state,
            "POST webhook/set": self._set_webhook,
            "GET webhook/find": self._find_webhook,
        }
        self.listener = Listener(self._answer, port)

    @property
    def url(self) -> str:
        """Base address, for EVOLUTION_URL."""
        return self.listener.url

    def script(self, route: str, *faults: Fault) -> None:
        """Let the next calls of a route (``sendText``, ``findMessages`` …) go wrong in this order."""
        self._scripts[route].extend(faults)

    def always(self, route: str, fault: Fault | None) -> None:
        """Let every call of a route that has no script go wrong; None heals it."""
        if fault is None:
            self._always.pop(route, None)
        else:
            self._always[route] = fault

    def reset_next(self, connections: int = 1) -> None:
        """Reset the next connections before a byte is read."""
        self.listener.resets = connections

    def texts(self, jid: str | None = None) -> list[str]:
        """Return the texts WhatsApp got, of all chats or of one."""
        return [m["message"]["conversation"] for m in self._messages() if jid in (None, m["key"]["remoteJid"])]

    def of(self, route: str) -> list[Call]:
        """Return the calls of a route."""
        return [call for call in self.calls if call.route == route]

    async def wait_for_texts(self, count: int, *, jid: str | None = None, seconds: float = 10) -> list[str]:
        """Wait until WhatsApp got `count` texts, and return all.

        Raises:
            TimeoutError: it did not within `seconds`.
        """
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: len(self.texts(jid)) >= count)
        return self.texts(jid)

    async def deliver(self, event: Fields, *, secret: str | None = None) -> list[int]:
        """Post an event to the webhook as Evolution does, and return the status of each attempt.

        With `secret` it is signed by X-Webhook-Signature instead of what ``webhook/set`` asked for, and posted once.
        """
        assert self.webhook is not None, "set evolution.webhook first"
        if event["event"] == "messages.upsert":
            self.received.append(event)
        if secret is None:
            return await self._courier.deliver(self.webhook, event)
        body = json.dumps(event, ensure_ascii=False).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Webhook-Signature": f"sha256={signature}", "Content-Type": "application/json"}
        answer = await self._courier._client.post(self.webhook.url, content=body, headers=headers)
        return [answer.status_code]

    async def __aenter__(self) -> Self:
        await self.listener.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._deliveries:
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        await self.listener.stop()
        await self._courier.close()

    def _messages(self) -> list[Any]:
        return list(self.sent)

    async def _answer(self, request: Request) -> Answer:
        path = urlsplit(request.target).path
        room, route, instance = ([unquote(part) for part in path.strip("/").split("/")] + ["", "", ""])[:3]
        if not room:
            return Answer(
                200, {"status": 200, "message": "Welcome to the Evolution API, it is working!", "version": "2.3.7"}
            )
        if room == "control":
            return self._control(route, request)
        act = self._routes.get(f"{request.method} {room}/{route}")
        if act is None or not instance:
            return Answer(404, error(404, "Not Found", [f"Cannot {request.method} {path}"]))
        if instance not in self.instances:
            return Answer(404, no_instance(instance))
        if request.headers.get("apikey") != self.api_key:
            return Answer(401, error(401, "Unauthorized", "Unauthorized"))
        self.calls.append(Call(route, instance, request.target, request.json))
        script = self._scripts[route]
        fault = script.popleft() if script else self._always.get(route, OK)
        answer = Answer()
        if fault.carried_out:
            answer = await act(instance, request.json)
        async with self._changed:
            self._changed.notify_all()
        await asyncio.sleep(fault.delay)
        if fault.dropped:
            raise Drop
        return fault.answer or answer

    async def _send_text(self, instance: str, body: Body) -> Answer:
        if missing := [name for name in ("number", "text") if not isinstance(body.get(name), str) or not body[name]]:
            return Answer(400, error(400, "Bad Request", [[f'instance requires property "{missing[0]}"']]))
        jid = address(body["number"])
        if jid in self.absent:
            refusal = [{"jid": jid, "exists": False, "number": body["number"]}]
            return Answer(400, error(400, "Bad Request", refusal))
        await asyncio.sleep(body.get("delay", 0) / 1000)
        message = sent(body["text"], jid)
        self.sent.append(message)
        if self.emits_own and self.webhook is not None:
            key: Any = message["key"]
            self._emit(send_message(message, instance=instance))
            self._emit(update(key["id"], "DELIVERY_ACK", jid=jid, instance=instance))
        return Answer(201, message)

    def _emit(self, event: Fields) -> None:
        assert self.webhook is not None
        task = asyncio.create_task(self._courier.deliver(self.webhook, event))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _send_presence(self, _: str, body: Body) -> Answer:
        if "delay" not in body:
            return Answer(400, error(400, "Bad Request", [['instance requires property "delay"']]))
        await asyncio.sleep(body["delay"] / 1000)
        return Answer(201, {"presence": body["presence"]})

    async def _mark_read(self, _: str, body: Body) -> Answer:
        assert isinstance(body["readMessages"], list)
        return Answer(201, {"message": "Read messages", "read": "success"})

    async def _find_messages(self, instance: str, body: Body) -> Answer:
        where = body.get("where", {})
        inbound: list[Any] = [event["data"] for event in self.received if event["instance"] == instance]
        messages = sorted([*inbound, *self._messages()], key=lambda message: -message["messageTimestamp"])
        rows = [stored(m) for m in messages if self.keeps and _matches(m, where)]
        return Answer(200, found(rows, body.get("page", 1), body.get("offset", 50)))

    async def _find_chats(self, instance: str, _: Body) -> Answer:
        inbound: list[Any] = [event["data"] for event in self.received if event["instance"] == instance]
        newest = {m["key"]["remoteJid"]: m for m in [*inbound, *self._messages()] if self.keeps}
        return Answer(200, [{"remoteJid": jid, "lastMessage": stored(m)} for jid, m in newest.items()])

    async def _whatsapp_numbers(self, _: str, body: Body) -> Answer:
        if self.state != "open":
            return Answer(400, {})
        numbers = [(number, address(number)) for number in body["numbers"]]
        return Answer(200, [{"jid": jid, "exists": jid not in self.absent, "number": n} for n, jid in numbers])

    async def _connection_state(self, instance: str, _: Body) -> Answer:
        return Answer(200, {"instance": {"instanceName": instance, "state": self.state}})

    async def _set_webhook(self, _: str, body: Body) -> Answer:
        if "webhook" not in body:
            return Answer(400, error(400, "Bad Request", [['instance requires property "webhook"']]))
        row = body["webhook"]
        if row.get("enabled") and "events" not in row:
            return Answer(500, error(500, "Internal Server Error", "Cannot read properties of undefined"))
        events = frozenset(row["events"])
        self.webhook = Webhook(row["url"], row.get("headers") or {}, events, by_events=bool(row.get("byEvents")))
        self._webhook_row = {"id": "cmwrvcpb200003b7dgijqwhb0", "webhookBase64": False, "webhookByEvents": False, **row}
        return Answer(201, self._webhook_row)

    async def _find_webhook(self, _: str, __: Body) -> Answer:
        return Answer(200, self._webhook_row)

    def _control(self, verb: str, request: Request) -> Answer:
        if verb == "calls":
            calls = [{"route": call.route, "target": call.target, "body": call.body} for call in self.calls]
            return Answer(200, {"calls": calls, "sent": self.sent})
        route, *names = request.json
        self.script(route, *(FAULTS[name] for name in names))
        return Answer(200, {})


FAULTS = {name: value for name, value in globals().items() if isinstance(value, Fault)}


def _matches(message: Body, where: Body) -> bool:
    key = where.get("key", {})
    span = where.get("messageTimestamp", {})
    # Evolution ignores a time filter that lacks either end.
    inside = not {"gte", "lte"} <= span.keys() or span["gte"] <= _moment(message) <= span["lte"]
    return inside and all(message["key"].get(name) == value for name, value in key.items())


def _moment(message: Body) -> str:
    return datetime.fromtimestamp(message["messageTimestamp"], UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def _serve(port: int) -> None:
    async with Evolution(port=port) as evolution:
        print(evolution.url, flush=True)  # noqa: T201 - how the parent learns the port
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args().port))
