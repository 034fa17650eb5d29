import asyncio

import httpx
import jwt
import pytest
from tests.peers.evolution import (
    CONNECTION_CLOSED_500,
    DROP_ANSWER,
    HANG,
    NOT_ON_WHATSAPP,
    Evolution,
    delayed,
    upsert,
)
from tests.peers.listener import Answer, Listener, Request

SEND = "/message/sendText/Slim%20Quality"
HELLO = {"number": "5511988887777", "text": "Olá"}


async def post(evolution: Evolution, path: str, body: object, key: str | None = None) -> httpx.Response:
    async with httpx.AsyncClient(timeout=1) as client:
        return await client.post(evolution.url + path, json=body, headers={"apikey": key or evolution.api_key})


async def test_a_text_is_sent_once_and_found_again() -> None:
    async with Evolution() as evolution:
        answer = await post(evolution, SEND, HELLO)
        assert answer.status_code == 201
        assert answer.json()["key"]["remoteJid"] == "5511988887777@s.whatsapp.net"
        assert await evolution.wait_for_texts(1) == ["Olá"]
        assert evolution.calls[0].target == SEND
        where = {"where": {"key": {"id": answer.json()["key"]["id"]}}}
        found = await post(evolution, "/chat/findMessages/Slim%20Quality", where)
        assert found.json()["messages"]["records"][0]["message"] == {"conversation": "Olá"}
        evolution.keeps = False
        found = await post(evolution, "/chat/findMessages/Slim%20Quality", where)
        assert found.json()["messages"]["total"] == 0


@pytest.mark.parametrize(("instance", "status"), [("Slim%20Quality", 201), ("Slim+Quality", 404), ("Other", 404)])
async def test_the_instance_is_a_quoted_name(instance: str, status: int) -> None:
    async with Evolution() as evolution:
        assert (await post(evolution, f"/message/sendText/{instance}", HELLO)).status_code == status


async def test_a_wrong_key_is_refused_and_leaves_no_trace() -> None:
    async with Evolution() as evolution:
        answer = await post(evolution, SEND, HELLO, key="wrong")
        assert answer.json() == {"status": 401, "error": "Unauthorized", "response": {"message": "Unauthorized"}}
        assert evolution.calls == []


async def test_faults_come_in_their_order_and_then_end() -> None:
    async with Evolution() as evolution:
        evolution.script("sendText", DROP_ANSWER, CONNECTION_CLOSED_500, NOT_ON_WHATSAPP, delayed(0.1))
        with pytest.raises(httpx.ReadError):
            await post(evolution, SEND, HELLO)
        assert len(evolution.sent) == 1
        assert (await post(evolution, SEND, HELLO)).json()["response"]["message"] == "Connection Closed"
        assert (await post(evolution, SEND, HELLO)).json()["response"]["message"][0]["exists"] is False
        assert len(evolution.sent) == 1
        assert (await post(evolution, SEND, HELLO)).elapsed.total_seconds() > 0.1
        evolution.script("sendText", HANG)
        with pytest.raises(httpx.ReadTimeout):
            await post(evolution, SEND, HELLO)
        evolution.reset_next()
        with pytest.raises(httpx.TransportError):
            await post(evolution, SEND, HELLO)
        assert len(evolution.sent) == 3


async def test_events_are_signed_and_posted_again_until_taken() -> None:
    seen: list[Request] = []
    statuses = iter([503, 429, 200])

    async def service(request: Request) -> Answer:
        seen.append(request)
        return Answer(next(statuses))

    async with Listener(service) as listener, Evolution() as evolution:
        row = {
            "enabled": True,
            "url": listener.url + "/webhook/evolution",
            "headers": {"jwt_key": "k" * 32},
            "events": [],
        }
        assert (await post(evolution, "/webhook/set/Slim%20Quality", {"webhook": row})).status_code == 201
        assert await evolution.deliver(upsert("Oi")) == [503, 429, 200]
    tokens = {request.headers["authorization"].removeprefix("Bearer ") for request in seen}
    claims = jwt.decode(tokens.pop(), "k" * 32, algorithms=["HS256"])
    assert claims["exp"] - claims["iat"] == 600
    assert not tokens
    assert seen[0].json["data"]["message"] == {"conversation": "Oi"}
    assert "jwt_key" not in seen[0].headers


async def test_an_event_is_given_up_when_the_answer_forbids_another_try() -> None:
    async def service(_: Request) -> Answer:
        return Answer(401)

    async with Listener(service) as listener, Evolution() as evolution:
        row = {"enabled": True, "url": listener.url, "events": ["MESSAGES_UPSERT"]}
        await post(evolution, "/webhook/set/Slim%20Quality", {"webhook": row})
        assert await evolution.deliver(upsert("Oi")) == [401]
        assert await evolution.deliver({"event": "call", "data": None}) == []


async def test_an_open_connection_does_not_hold_the_end_up() -> None:
    async with Evolution() as evolution:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(evolution.url.rsplit(":", 1)[1]))
        writer.write(b"POST / HTTP/1.1\r\n")
        await writer.drain()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
