import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage
from tests.conversation.desk import CHAT, Desk, past, turn
from tests.conversation.test_profile_mistakes import folder
from tests.peers.claude import Claude, system_text

from slim_agent.conversation import dialogue as lines
from slim_agent.conversation.bubbles import MAX_BUBBLES
from slim_agent.conversation.dialogue import dialogue, unread_text
from slim_agent.conversation.handbook import Handbook
from slim_agent.conversation.profile import Profile, load_profile
from slim_agent.conversation.profile.load import MAX_MARKDOWN_CHARS
from slim_agent.conversation.prompt import MAX_KNOWLEDGE_CHARS, MAX_PROMPT_CHARS, NEAREST_ENTRIES, Prompt
from slim_agent.gateways.claude.model import Claude as Gateway


def large_profile(path: Path, entries: int) -> Profile:
    answer = "resposta " * 400
    faq = "\n".join(
        f"- id: e{number}\n  question: Vocês têm a peça número {number}?\n  answer: '{number} {answer}'"
        for number in range(entries)
    )
    topics = "\n".join(f"- {{id: t{number}, phrases: ['{'assunto ' * 37}']}}" for number in range(100))
    limits = "\n".join(f"- {'limite ' * 500}" for _ in range(3))
    company = f"name: Loja\nagent:\n  persona: {'voz ' * 990}\nhandover_topics:\n{topics}\nlimits:\n{limits}\n"
    markdown = "x" * MAX_MARKDOWN_CHARS
    files = {"policies.md": markdown, "sales.md": markdown}
    return load_profile(folder(path, profile__yaml=company, faq__yaml=f"entries:\n{faq}\n", **files))


def prompt_chars(system: BaseMessage, said: list[BaseMessage]) -> int:
    return len(system.text) + sum(len(message.text) for message in said)


def test_the_longest_prompt_stays_under_its_cap(tmp_path: Path) -> None:
    profile = large_profile(tmp_path, 200)
    prompt = Prompt(profile, Handbook(profile), lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))
    history = past(*(f"{'ca'[i % 2]}: {'antes ' * 2_000}" for i in range(200)))
    longest = turn(*("peça número 7 " * 1_000 for _ in range(50)), history=history)
    system = prompt.system("sales", unread_text(longest), "Ana" * 100)
    said = dialogue(longest)
    assert 60_000 < prompt_chars(system, said) <= MAX_PROMPT_CHARS
    assert len(unread_text(longest)) <= lines.MAX_UNREAD_CHARS
    assert sum(len(message.text) for message in said[:-1]) <= lines.MAX_HISTORY_CHARS + len(said)


async def test_of_a_large_faq_the_nearest_entries_stand_in_the_moving_part(
    tmp_path: Path, gateway: Gateway, claude: Claude
) -> None:
    profile = large_profile(tmp_path, 100)
    await Desk(profile, gateway).says("vocês têm a peça número 42?")
    system = claude.requests[0]["system"]
    assert "Perguntas frequentes" not in system[0]["text"]
    assert system[2]["text"].count("\nP: ") == NEAREST_ENTRIES
    assert "peça número 42?" in system[2]["text"]


async def test_a_small_faq_stands_whole_in_the_cached_part(desk: Desk, claude: Claude, profile: Profile) -> None:
    await desk.says("oi")
    cached = claude.requests[0]["system"][0]["text"]
    assert all(entry.answer in cached for entry in profile.faq)
    assert len(cached) < MAX_KNOWLEDGE_CHARS
    assert "mais próximo" not in system_text(claude.requests[0])


def test_a_long_unread_text_keeps_its_beginning_and_end() -> None:
    text = unread_text(turn("começo " + "x" * 20_000 + " fim"))
    assert text.startswith("começo")
    assert text.endswith("fim")
    assert len(text) <= lines.MAX_UNREAD_CHARS


def test_the_newest_history_is_kept_when_it_is_too_long() -> None:
    history = past(*(f"{'ca'[i % 2]}: {i} {'x' * 1_500}" for i in range(40)))
    said = dialogue(turn("oi", history=history))
    assert said[-2].text.startswith("39 ")
    assert not any(message.text.startswith("0 ") for message in said)


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_blank_messages_never_reach_the_model(text: str) -> None:
    said = dialogue(turn(text, history=past("c: ", "a: ")))
    assert [message.text for message in said] == [lines.NOTHING_SAID]


async def test_half_a_character_does_not_stop_a_turn(desk: Desk, claude: Claude) -> None:
    assert (await desk.says("oi \ud83d", history=past("c: \udc00x", "a: tá"))).outcome == "answered"
    assert claude.requests[0]["messages"][-1]["content"] == "oi ?"


async def test_a_profile_without_catalogue_and_hours_works_on_and_offline(
    tmp_path: Path, gateway: Gateway, claude: Claude
) -> None:
    profile = load_profile(folder(tmp_path))
    claude.script({"text": "Oi!"})
    assert (await Desk(profile, gateway).says("oi")).texts == ("Oi!",)
    reply = await Desk(profile, None).says("quanto custa um foguete?", chat=CHAT)
    assert "assim que puder" in reply.texts[0]
    assert len(reply.texts) <= MAX_BUBBLES


def test_reading_a_profile_loads_neither_the_graph_nor_the_model_library() -> None:
    code = (
        "import sys, slim_agent.conversation.profile, slim_agent.conversation, slim_agent.gateways.claude.probe;"
        "print([name for name in ('langgraph', 'anthropic', 'langchain_core') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
