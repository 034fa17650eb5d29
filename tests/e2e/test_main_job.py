import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import psycopg
import pytest
from tests.e2e.conftest import SECRET, Service, serving
from tests.peers.claude import Claude
from tests.peers.evolution import Evolution, upsert

ANA = "5511988887777@s.whatsapp.net"
MISSPELT = [
    "qto custa o colxao quen?",
    "presso do qeen",
    "quanto sai o quenn",
    "qual o valô do cochão queem",
    "kuanto ta o quin",
]


def count(database_url: str, table: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(f"SELECT count(*) FROM slim_agent.{table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_signed_message_is_answered_by_exactly_one_send(
    service: Service, evolution: Evolution, claude: Claude
) -> None:
    answer = await service.post(upsert("Oi, quanto custa o colchão queen?", jid=ANA))
    assert answer.status_code == 200
    assert answer.json()["status"] == "success"
    assert answer.json()["message"] == "stored"
    texts = await evolution.wait_for_texts(1, jid=ANA)
    assert "4.890,00" in texts[0]
    await service.wait_until("/readyz", 200)
    assert evolution.texts() == texts
    assert evolution.of("sendText")[0].target == "/message/sendText/Slim%20Quality"
    assert len(claude.requests) == 1


@pytest.mark.parametrize("online", [True, False])
async def test_the_price_of_the_queen_is_given_however_it_is_spelt(
    tmp_path: Path, environment: dict[str, str], evolution: Evolution, claude: Claude, online: bool
) -> None:
    environment |= {"CLAUDE_BASE_URL": claude.url if online else "http://127.0.0.1:9"}
    async with serving(tmp_path, environment) as service:
        for number, question in enumerate(MISSPELT):
            assert (await service.post(upsert(question, jid=f"551198888000{number}@s.whatsapp.net"))).status_code == 200
        await evolution.wait_for_texts(len(MISSPELT), seconds=30)
        for number, question in enumerate(MISSPELT):
            assert "4.890,00" in " ".join(evolution.texts(f"551198888000{number}@s.whatsapp.net")), question
    assert bool(claude.requests) is online


async def test_a_burst_gets_one_answer_and_a_second_message_the_next(
    service: Service, evolution: Evolution, claude: Claude
) -> None:
    await asyncio.gather(*(service.post(upsert(text, jid=ANA)) for text in ("oi", "tudo bem?", "quanto custa o king?")))
    await evolution.wait_for_texts(1, jid=ANA)
    await service.post(upsert("e o queen?", jid=ANA))
    texts = await evolution.wait_for_texts(2, jid=ANA)
    assert "4.890,00" in texts[-1]
    assert len(claude.requests) == 2


async def test_a_message_delivered_ten_times_at_once_is_answered_once(
    service: Service, evolution: Evolution, database_url: str
) -> None:
    event = upsert("quanto custa o queen?", jid=ANA)
    answers = await asyncio.gather(*(service.post(event) for _ in range(10)))
    assert sorted(answer.json()["message"] for answer in answers) == ["duplicate"] * 9 + ["stored"]
    await evolution.wait_for_texts(1)
    await service.post(upsert("oi", jid="5521977776666@s.whatsapp.net"))
    await evolution.wait_for_texts(1, jid="5521977776666@s.whatsapp.net")
    assert len(evolution.texts(ANA)) == 1
    assert count(database_url, "inbox") == 2


async def test_what_is_not_for_the_agent_is_recorded_and_not_answered(
    service: Service, evolution: Evolution, database_url: str
) -> None:
    old = datetime.now(UTC) - timedelta(minutes=20)
    for event in (
        upsert("oi", jid="120363041234567890@g.us"),
        upsert("oi", jid="status@broadcast"),
        upsert("oi", jid="120363041234567890@newsletter"),
        upsert("oi", jid="5511911112222@s.whatsapp.net", at=old),
        upsert("sou eu, da loja", jid="5511933334444@s.whatsapp.net", from_me=True),
    ):
        assert (await service.post(event)).status_code == 200
    await service.post(upsert("quanto custa o queen?", jid=ANA))
    await evolution.wait_for_texts(1)
    assert evolution.texts() == evolution.texts(ANA)
    assert count(database_url, "inbox") == 6


def token(seconds: float, **changes: object) -> dict[str, str]:
    now = time.time()
    claims = {"iat": int(now - 600), "exp": int(now + seconds), "app": "evolution", "action": "webhook", **changes}
    return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}


def unsigned_token() -> dict[str, str]:
    claims = {"iat": int(time.time()), "exp": int(time.time()) + 600, "app": "evolution", "action": "webhook"}
    return {"Authorization": f"Bearer {jwt.encode(claims, None, algorithm='none')}"}


async def test_what_is_not_authentic_is_refused_and_leaves_no_trace(service: Service, database_url: str) -> None:
    refused: dict[str, dict[str, str]] = {
        "unsigned": {},
        "wrong": {"X-Webhook-Signature": "sha256=" + "0" * 64},
        "empty": {"X-Webhook-Signature": ""},
        "alg none": unsigned_token(),
        "expired by more than 60 min": token(-3700),
        "of another app": token(600, app="other"),
    }
    for kind, headers in refused.items():
        answer = await service.post(upsert("oi", jid=ANA), headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (401, "error"), kind
    assert count(database_url, "inbox") == count(database_url, "quarantine") == 0


async def test_a_token_that_expired_twenty_minutes_ago_still_brings_its_message(
    service: Service, evolution: Evolution
) -> None:
    answer = await service.post(upsert("quanto custa o queen?", jid=ANA), headers=token(-1200))
    assert answer.status_code == 200
    await evolution.wait_for_texts(1)


def saying(raw: bytes) -> bytes:
    head = b'{"event":"messages.upsert","data":{"key":{"id":"A","remoteJid":"5511988887777@s.whatsapp.net"},'
    return head + b'"message":{"conversation":"' + raw + b'"}}}'


async def test_no_authentic_body_is_refused(service: Service, database_url: str) -> None:
    bodies = (
        b"",
        b"\xff\xfe\x00random\x80",
        b"[" * 100_000,
        saying(b"nul \\u0000 here"),
        saying(b"lone \\ud800 surrogate").replace(b'"A"', b'"B"'),
        b'{"event":"messages.upsert","data":{"key":{"id":1e400,"remoteJid":[]}}}',
        b"null",
        b'{"event":' + b"9" * 5000 + b"}",
    )
    for number, body in enumerate(bodies, start=1):
        assert (await service.post(body)).status_code == 200, body[:80]
        assert count(database_url, "inbox") + count(database_url, "quarantine") == number, body[:80]
    assert (await service.post(b"x" * 10_000_000)).status_code == 413
    assert count(database_url, "inbox") + count(database_url, "quarantine") == len(bodies)


async def test_the_key_in_the_payload_is_never_kept(service: Service, database_url: str, evolution: Evolution) -> None:
    event = upsert("quanto custa o queen?", jid=ANA)
    event["apikey"] = "canary-instance-key"
    await service.post(event)
    await service.post(b'{"apikey": "canary-instance-key", broken')
    await evolution.wait_for_texts(1)
    with psycopg.connect(database_url) as connection:
        kept = connection.execute(
            "SELECT count(*) FROM (SELECT payload::text AS raw FROM slim_agent.inbox "
            "UNION ALL SELECT encode(body, 'escape') FROM slim_agent.quarantine) WHERE raw LIKE '%canary%'"
        ).fetchone()
    assert kept == (0,)
    logged = service.log.read_text()
    for canary in ("canary", SECRET, "5511988887777", "quanto custa o queen"):
        assert canary not in logged, canary
