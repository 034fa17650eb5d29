"""Evolution's payloads for tests: the golden files, and small ones made on the spot."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slim_agent.inbox.arrivals import Arrival
from slim_agent.inbox.normalise import read

FOLDER = Path(__file__).parent / "evolution"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
SENT_AT = datetime(2025, 12, 5, 16, 0, tzinfo=UTC)
LIVE = SENT_AT + timedelta(seconds=3)
ANA = "5511988887777@s.whatsapp.net"
ANA_LID = "184467000111222@lid"


def golden(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def envelope(event: str, data: object, **more: object) -> bytes:
    return json.dumps({"event": event, "instance": "Slim Quality", "data": data, **more}).encode()


def upsert(message: object, **more: object) -> bytes:
    key = {"remoteJid": ANA, "fromMe": False, "id": "3A01", "participant": ""}
    return envelope(
        "messages.upsert", {"key": key, "message": message, "messageTimestamp": int(SENT_AT.timestamp()), **more}
    )


def only(body: bytes, now: datetime = LIVE) -> Arrival:
    [arrival] = read(body, now=now)
    return arrival
