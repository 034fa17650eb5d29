import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim_agent.conversation.bubbles import MAX_BUBBLE_CHARS, MAX_BUBBLES, bubbles

MARKUP = {
    "**negrito**": "*negrito*",
    "__negrito__": "*negrito*",
    "***muito***": "*muito*",
    "~~velho~~": "~velho~",
    "## Título ##": "*Título*",
    "### **Título**": "*Título*",
    "* um\n* dois": "- um\n- dois",
    "- um\n- dois": "- um\n- dois",
    "*já certo*": "*já certo*",
    "2 * 3 * 4": "2 * 3 * 4",
    "[site](https://slimquality.com.br)": "site: https://slimquality.com.br",
    "[https://a.br](https://a.br)": "https://a.br",
    "![foto](https://a.br/x.png)": "foto: https://a.br/x.png",
    "a\n---\nb": "a\n\nb",
    "preço R$ 4.890,00": "preço R$ 4.890,00",
}


@pytest.mark.parametrize(("markdown", "shown"), MARKUP.items())
def test_markdown_becomes_what_whatsapp_shows(markdown: str, shown: str) -> None:
    assert "\n\n".join(bubbles(markdown)) == shown


def test_texts_are_split_at_blank_lines_and_the_rest_stays_in_the_last() -> None:
    assert bubbles("um\n\n \ndois\r\n\r\ntrês\n\nquatro\n\n\ncinco") == ("um", "dois", "três\n\nquatro\n\ncinco")


def test_a_blank_text_has_no_bubbles() -> None:
    assert bubbles(" \n\n\t\n") == ()


def test_a_long_bubble_is_cut_at_a_word() -> None:
    (cut,) = bubbles("palavra " * MAX_BUBBLE_CHARS)
    assert len(cut) <= MAX_BUBBLE_CHARS
    assert cut.endswith("palavra…")
    assert len(bubbles("x" * 2 * MAX_BUBBLE_CHARS)[0]) == MAX_BUBBLE_CHARS


@given(st.text(alphabet=st.sampled_from("ab *_#[]()!-~\n\r\t😊R$1,"), max_size=300))
def test_any_text_stays_within_the_limits(text: str) -> None:
    shown = bubbles(text)
    assert len(shown) <= MAX_BUBBLES
    assert all(part.strip() and len(part) <= MAX_BUBBLE_CHARS for part in shown)
    assert bool(shown) or not any(letter in text for letter in "ab😊R$1")


@pytest.mark.parametrize("text", ["[" * 50_000, "**a" * 30_000, "\n \t" * 30_000, "# " * 40_000])
def test_a_very_long_answer_costs_little(text: str) -> None:
    bubbles(text)
