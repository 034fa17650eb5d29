"""`slim-agent chat`: the agent in the terminal, with a memory and without anything stored."""

import asyncio
from pathlib import Path

from tests.cli.command import slim_agent
from tests.peers.claude import Claude

from slim_agent.cli.talk import PaidInMemory, Talk
from slim_agent.vocabulary.clock import system_clock
from slim_agent.vocabulary.turn import Ball, Reply, Speaker, Turn


def test_offline_the_profile_answers_and_the_end_of_input_ends_it() -> None:
    ended = slim_agent("chat", "--offline", typed="oi\n\nqto custa o quin?\n")
    assert ended.returncode == 0
    assert "R$ 4.890,00" in ended.stdout
    assert ended.stdout.count("BIA: ") == 2
    assert "sem modelo" in ended.stderr


def test_a_hand_over_is_marked_and_the_talk_goes_on() -> None:
    ended = slim_agent("chat", "--offline", typed="quero falar com um humano\nquanto custa o queen?\n")
    assert "[passa para uma pessoa: asks_for_person." in ended.stdout
    assert "R$ 4.890,00" in ended.stdout


def test_the_profile_can_be_chosen(tmp_path: Path) -> None:
    (tmp_path / "profile.yaml").write_text("name: Padaria\nagent: {name: Lia}\n", encoding="utf-8")
    entry = '{id: pao, question: "Tem pão integral?", answer: Tem sim.}'
    (tmp_path / "faq.yaml").write_text(f"entries:\n  - {entry}\n", encoding="utf-8")
    ended = slim_agent("chat", "--profile", str(tmp_path), typed="tem pao integral?")
    assert ended.stdout == "Lia: Tem sim.\n"


def test_letters_that_no_terminal_has_do_no_harm() -> None:
    environ = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    ended = slim_agent("chat", "--offline", typed=b"oi \xff\n", environ=environ)
    assert ended.returncode == 0
    assert ended.stdout.startswith("BIA: ")


async def test_with_a_key_claude_answers_and_remembers() -> None:
    async with Claude() as claude:
        claude.script({"text": "Prazer, Ana!\n\nComo posso ajudar?"}, {"text": "Você é a Ana."})
        environ = {"CLAUDE_API_KEY": "sk-ant-test", "CLAUDE_BASE_URL": claude.url}
        ended = await asyncio.to_thread(slim_agent, "chat", environ=environ, typed="sou a Ana\nquem sou eu?\n")
    assert ended.returncode == 0
    assert ended.stdout == "BIA: Prazer, Ana!\nBIA: Como posso ajudar?\nBIA: Você é a Ana.\n"
    assert "Prazer, Ana!" in str(claude.requests[-1])


async def test_claude_away_is_told_and_the_profile_answers() -> None:
    environ = {"CLAUDE_API_KEY": "sk-ant-test", "CLAUDE_BASE_URL": "http://127.0.0.1:9"}
    ended = await asyncio.to_thread(slim_agent, "chat", environ=environ, typed="quanto custa o queen?\n")
    assert ended.returncode == 0
    assert "R$ 4.890,00" in ended.stdout
    assert "[sem Claude: " in ended.stdout


async def test_the_past_is_remembered_up_to_its_bound() -> None:
    seen: list[Turn] = []

    async def respond(turn: Turn) -> Reply:
        seen.append(turn)
        return Reply("answered", (f"resposta {turn.id}",))

    talk = Talk(respond, system_clock, remembered=3)
    for text in ("um", "dois", "três"):
        await talk.say(text)
    assert [turn.unread[0].text for turn in seen] == ["um", "dois", "três"]
    assert [line.text for line in seen[-1].history] == ["resposta 1", "dois", "resposta 2"]
    assert [line.speaker for line in seen[-1].history] == [Speaker.AGENT, Speaker.CUSTOMER, Speaker.AGENT]
    assert seen[-1].chat.ball is Ball.AGENT
    forgetful = Talk(respond, system_clock, remembered=0)
    await forgetful.say("um")
    await forgetful.say("dois")
    assert seen[-1].history == ()


async def test_a_paid_answer_stays_as_it_was_first() -> None:
    paid = PaidInMemory()
    assert await paid.find(1, "key") is None
    await paid.keep(1, "key", {"text": "first"})
    await paid.keep(1, "key", {"text": "second"})
    assert await paid.find(1, "key") == {"text": "first"}
    assert await paid.find(2, "key") is None
