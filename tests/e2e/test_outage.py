from pathlib import Path

from tests.e2e.conftest import serving
from tests.peers.claude import Claude
from tests.peers.evolution import Evolution, upsert

ANA = "5511988887777@s.whatsapp.net"


async def test_an_outage_of_claude_costs_one_polite_line_a_chat_and_ends_by_itself(
    tmp_path: Path, environment: dict[str, str], evolution: Evolution, claude: Claude
) -> None:
    environment |= {"BREAKER_SECONDS": "2", "DEBOUNCE_SECONDS": "0"}
    unanswerable = "vocês patrocinam campeonato de xadrez em Lisboa?"
    claude.script(*({"status": 529} for _ in range(3)))
    async with serving(tmp_path, environment) as service:
        await service.post(upsert(unanswerable, jid=ANA))
        (line,) = await evolution.wait_for_texts(1, jid=ANA)
        assert len(claude.requests) == 3

        await service.post(upsert(unanswerable + " e em Madri?", jid=ANA))
        await service.post(upsert("quanto custa o colchão queen?", jid="5521977776666@s.whatsapp.net"))
        (answer,) = await evolution.wait_for_texts(1, jid="5521977776666@s.whatsapp.net")
        assert "4.890,00" in answer
        assert evolution.texts(ANA) == [line]
        assert len(claude.requests) == 3

        health = await service.wait_until("/health", 503)
        assert health.json()["services"]["claude"] == {
            **health.json()["services"]["claude"],
            "status": "down",
            "error": "circuit breaker open",
        }
        await service.wait_until("/health", 200)
        await service.post(upsert("e o king?", jid=ANA))
        texts = await evolution.wait_for_texts(2, jid=ANA)
        assert "5.899,00" in texts[1]
        assert len(claude.requests) == 4


async def test_typing_is_shown_before_the_answer(
    tmp_path: Path, environment: dict[str, str], evolution: Evolution, claude: Claude
) -> None:
    environment |= {"PACING": "on"}
    claude.script({"text": "Um.\n\nDois.\n\nTrês.\n\nQuatro."})
    async with serving(tmp_path, environment) as service:
        await service.post(upsert("oi", jid=ANA))
        assert await evolution.wait_for_texts(3, jid=ANA) == ["Um.", "Dois.", "Três.\n\nQuatro."]
    routes = [call.route for call in evolution.calls if call.route in ("sendPresence", "sendText")]
    assert routes == ["sendPresence", "sendText"] * 3
    assert {call.body["presence"] for call in evolution.of("sendPresence")} == {"composing"}
