import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.cli.demo.conftest import ANA, INSTANCE, Company, serving, until

from slim_agent.cli.demo.phones import WAITING_NEWS

CARLA = "205514000333444@lid"


async def write(stand_in: str, text: str, jid: str = ANA) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(f"{stand_in}/simulator/messages", json={"jid": jid, "text": text})


async def bubbles(stand_in: str) -> list[tuple[str, str]]:
    async with httpx.AsyncClient() as client:
        state = (await client.get(f"{stand_in}/simulator/state")).json()
    return [(bubble["text"], bubble["status"]) for bubble in state["messages"]]


async def test_what_a_customer_types_arrives_signed_and_the_answer_comes_back(stand_in: str, company: Company) -> None:
    company.reply = lambda text: f"Você disse: {text}"
    assert (await write(stand_in, "Oi <b>BIA</b>")).status_code == 201
    await until(lambda: company.of("messages.update"))
    arrived = company.of("messages.upsert")[0]
    assert arrived["key"] | {"id": ""} == {
        "remoteJid": ANA,
        "remoteJidAlt": "184467000111222@lid",
        "fromMe": False,
        "id": "",
        "participant": "",
        "addressingMode": "pn",
    }
    assert arrived["message"] == {"conversation": "Oi <b>BIA</b>"}
    sent = company.of("send.message")[0]
    assert sent["message"] == {"conversation": "Você disse: Oi <b>BIA</b>"}
    acknowledged = company.of("messages.update")[0]
    assert (acknowledged["keyId"], acknowledged["status"]) == (sent["key"]["id"], "DELIVERY_ACK")
    assert await bubbles(stand_in) == [("Oi <b>BIA</b>", "READ"), ("Você disse: Oi <b>BIA</b>", "DELIVERY_ACK")]


async def test_a_customer_known_only_by_lid_is_answered_there(stand_in: str, company: Company) -> None:
    company.reply = lambda _: "Olá, Carla"
    await write(stand_in, "oi", CARLA)
    await until(lambda: company.of("send.message"))
    assert company.of("messages.upsert")[0]["key"]["addressingMode"] == "lid"
    assert company.of("send.message")[0]["key"]["remoteJid"] == CARLA


async def test_an_event_is_posted_again_until_it_is_taken(stand_in: str, company: Company) -> None:
    company.statuses = [503, 500]
    await write(stand_in, "oi")
    await until(lambda: company.of("messages.upsert"))
    assert len(company.of("messages.upsert")) == 1


async def test_a_refused_event_is_shown_as_not_delivered(stand_in: str, company: Company) -> None:
    company.statuses = [401]
    async with httpx.AsyncClient() as client, client.stream("GET", f"{stand_in}/simulator/events") as news:
        await write(stand_in, "oi")
        async for line in news.aiter_lines():
            if line.startswith("data: ") and json.loads(line[6:]).get("status") == "ERROR":
                break
    assert await bubbles(stand_in) == [("oi", "ERROR")]


async def test_what_the_customer_looks_at_is_read(stand_in: str, company: Company) -> None:
    await company.call("/message/sendText", {"number": ANA, "text": "Olá"})
    await until(lambda: company.of("messages.update"))
    async with httpx.AsyncClient() as client:
        await client.post(f"{stand_in}/simulator/looks", json={"jid": ANA})
    await until(lambda: [update["status"] for update in company.of("messages.update")] == ["DELIVERY_ACK", "READ"])
    assert await bubbles(stand_in) == [("Olá", "READ")]


@pytest.mark.parametrize("number", ["5521977776666", "+55 (21) 97777-6666", "5521977776666@s.whatsapp.net"])
async def test_a_number_reaches_its_chat_in_every_spelling(stand_in: str, company: Company, number: str) -> None:
    answer = await company.call("/message/sendText", {"number": number, "text": "Olá"})
    assert answer.status_code == 201
    assert answer.json()["key"]["remoteJid"] == "5521977776666@s.whatsapp.net"
    assert answer.json()["status"] == "PENDING"
    assert await bubbles(stand_in) == [("Olá", "PENDING")]


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/message/sendText", {"number": ANA}, [['instance requires property "text"']]),
        ("/message/sendText", {"number": 55, "text": "oi"}, [["Invalid format"]]),
        ("/chat/sendPresence", {"number": ANA, "presence": "composing"}, [['instance requires property "delay"']]),
        ("/webhook/set", {"url": "http://x", "events": []}, [['instance requires property "webhook"']]),
    ],
)
async def test_a_bad_request_gets_evolutions_error(
    stand_in: str, company: Company, path: str, body: object, message: object
) -> None:
    answer = await company.call(path, body)
    assert answer.status_code == 400
    assert answer.json() == {"status": 400, "error": "Bad Request", "response": {"message": message}}, stand_in


async def test_the_instance_comes_before_the_key_and_both_are_checked(stand_in: str, company: Company) -> None:
    body = {"number": ANA, "text": "oi"}
    unknown = await company.call("/message/sendText", body, instance="Slim+Quality", key="wrong")
    assert unknown.json()["response"]["message"] == ['The "Slim+Quality" instance does not exist']
    assert (unknown.status_code, (await company.call("/message/sendText", body, key="")).status_code) == (404, 401)
    lost = await company.call("/message/sendCarrierPigeon", body)
    assert lost.json()["response"]["message"] == ["Cannot POST /message/sendCarrierPigeon/Slim Quality"]
    assert await bubbles(stand_in) == []


async def test_messages_are_found_by_id_side_and_time(stand_in: str, company: Company) -> None:
    await write(stand_in, "oi")
    message_id = (await company.call("/message/sendText", {"number": ANA, "text": "Olá"})).json()["key"]["id"]
    now = datetime.now(UTC)
    span = {"gte": (now - timedelta(minutes=1)).isoformat(), "lte": (now + timedelta(minutes=1)).isoformat()}
    past = {"gte": "2020-01-01T00:00:00.000Z", "lte": "2020-01-02T00:00:00.000Z"}
    for where, texts in (
        ({"key": {"id": message_id}}, ["Olá"]),
        ({"key": {"remoteJid": ANA, "fromMe": False}}, ["oi"]),
        ({"key": {"remoteJid": ANA}, "messageTimestamp": span}, ["Olá", "oi"]),
        ({"messageTimestamp": past}, []),
        ({"messageTimestamp": {"gte": past["gte"]}}, ["Olá", "oi"]),
    ):
        found = (await company.call("/chat/findMessages", {"where": where})).json()["messages"]
        assert [row["message"]["conversation"] for row in found["records"]] == texts
        assert found["total"] == len(texts)
    chats = (await company.call("/chat/findChats", {})).json()
    assert [(chat["remoteJid"], chat["lastMessage"]["message"]["conversation"]) for chat in chats] == [(ANA, "Olá")]


async def test_chats_and_webhook_outlive_a_restart_and_late_messages_arrive(tmp_path: Path, company: Company) -> None:
    async with serving(tmp_path) as url:
        company.stand_in = url
        await write(url, "escrita sem webhook")
        await company.call("/message/sendText", {"number": ANA, "text": "Olá"})
    async with serving(tmp_path) as url:
        assert [text for text, _ in await bubbles(url)] == ["escrita sem webhook", "Olá"]
        async with httpx.AsyncClient() as client:
            path = "/instance/connectionState/Slim%20Quality"
            state = await client.get(url + path, headers={"apikey": "stand-in-test-key"})
        assert state.json() == {"instance": {"instanceName": INSTANCE, "state": "open"}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        json.dumps({"jid": "nobody", "text": "oi"}).encode(),
        json.dumps({"jid": ANA, "text": " "}).encode(),
    ],
)
async def test_the_page_cannot_write_nonsense(stand_in: str, body: bytes) -> None:
    async with httpx.AsyncClient() as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post(f"{stand_in}/simulator/messages", content=body, headers=headers)
    assert answer.status_code == 400


async def test_another_sites_form_cannot_write(stand_in: str) -> None:
    async with httpx.AsyncClient() as client:
        body = json.dumps({"jid": ANA, "text": "oi"})
        answer = await client.post(
            f"{stand_in}/simulator/messages", content=body, headers={"Content-Type": "text/plain"}
        )
    assert answer.status_code == 400
    assert await bubbles(stand_in) == []


async def test_the_page_allows_nothing_from_elsewhere(stand_in: str) -> None:
    async with httpx.AsyncClient() as client:
        page = await client.get(f"{stand_in}/simulator")
        script = await client.get(f"{stand_in}/simulator/assets/simulator.js")
        missing = await client.get(f"{stand_in}/simulator/assets/..%2Fsimulator.py")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "//" not in page.text.replace("<!doctype html>", "")
    assert script.headers["content-type"].startswith("text/javascript")
    assert missing.status_code == 404


async def test_a_watcher_who_falls_far_behind_is_let_go(tmp_path: Path) -> None:
    from slim_agent.cli.demo.chats import Chats  # noqa: PLC0415
    from slim_agent.cli.demo.courier import Courier  # noqa: PLC0415
    from slim_agent.cli.demo.phones import Phones  # noqa: PLC0415

    phones = Phones(Chats(tmp_path / "phones.sqlite"), Courier(), INSTANCE)
    with phones.watch() as news:
        for _ in range(WAITING_NEWS + 5):
            await phones.compose(ANA, "paused", 0)
        assert news.qsize() == WAITING_NEWS
        items = [news.get_nowait() for _ in range(WAITING_NEWS)]
    assert items[-1] is None
    assert None not in items[:-1]
    await phones.close()
    phones.chats.close()
