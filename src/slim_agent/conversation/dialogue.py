"""From a chat's lines to the model's messages: alternating, bounded, the unread text alone in the last one."""

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from slim_agent.vocabulary.turn import Line, Speaker, Turn

MAX_UNREAD_CHARS = 24_000
MAX_HISTORY_CHARS = 16_000
MAX_LINE_CHARS = 2_000
NOTHING_SAID = "[…]"
"""Stands where one side said nothing, between an unanswered message and the unread ones for example."""


def unread_text(turn: Turn) -> str:
    """Return what the customer wrote since last time, a line for each message; never blank."""
    text = _safe("\n".join(line.text for line in turn.unread))
    if len(text) > MAX_UNREAD_CHARS:
        half = MAX_UNREAD_CHARS // 2
        text = f"{text[: half - 3]}\n{NOTHING_SAID[1]}\n{text[-half:]}"
    return text if text.strip() else NOTHING_SAID


def dialogue(turn: Turn) -> list[BaseMessage]:
    """Return the history and the unread text; whoever speaks for the company is the assistant."""
    spoken: list[BaseMessage] = []
    for by_customer, text in _merged(_recent(turn.history)):
        if not spoken and not by_customer:
            spoken.append(HumanMessage(NOTHING_SAID))
        spoken.append(HumanMessage(text) if by_customer else AIMessage(text))
    if spoken and isinstance(spoken[-1], HumanMessage):
        # Consecutive human messages would be merged into one, and old questions answered again.
        spoken.append(AIMessage(NOTHING_SAID))
    return [*spoken, HumanMessage(unread_text(turn))]


def _recent(history: tuple[Line, ...]) -> list[Line]:
    kept: list[Line] = []
    room = MAX_HISTORY_CHARS
    for line in reversed(history):
        room -= min(len(line.text), MAX_LINE_CHARS)
        if room < 0:
            break
        kept.append(line)
    return kept[::-1]


def _merged(lines: list[Line]) -> list[tuple[bool, str]]:
    merged: list[tuple[bool, str]] = []
    for line in lines:
        text = _safe(line.text)[:MAX_LINE_CHARS].strip()
        by_customer = line.speaker is Speaker.CUSTOMER
        if text and merged and merged[-1][0] == by_customer:
            merged[-1] = (by_customer, f"{merged[-1][1]}\n{text}")
        elif text:
            merged.append((by_customer, text))
    return merged


def _safe(text: str) -> str:
    """Return a text that can be sent as UTF-8: half a character becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
