"""What the search promises for any FAQ and any text."""

import json
import time
from dataclasses import replace
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sicc.companies import Company, companies

from slim_agent.sicc.knowledge import BadLineError, Entry, KnowledgeIndex, SearchResult, answer_lines
from slim_agent.sicc.knowledge.passages import MAX_WORDS
from slim_agent.sicc.knowledge.words import MAX_TEXT, MAX_WORD, fold, root, sound

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
ASKS = [text for split in ("development", "held-out") for company in companies(split) for _, text in company.asks]
HUGE_SECONDS = 2.0


def company(name: str) -> Company:
    return next(one for one in companies("development") if one.name == name)


MATTRESSES = company("loja de colchões").entries
INDEX = KnowledgeIndex(MATTRESSES)


@pytest.mark.parametrize(
    "text",
    [
        "qnto custa o quen",
        "qual o valr do queem",
        "kuanto ta o colxao kuin",
        "presso do cuin pfv",
        "QUANTO É O QUUEN??",
    ],
)
def test_the_queen_price_is_answered_however_it_is_spelled(text: str) -> None:
    found = INDEX.search(text)
    assert found.hits[0].entry_id == "preco-queen"
    assert found.answerable


@pytest.mark.parametrize("text", ["", " ", "?!", "oi tudo bem", "bom dia", "👍", "\x00", "\ud800"])
def test_a_text_that_says_nothing_is_not_answerable(text: str) -> None:
    found = INDEX.search(text)
    assert not found.answerable
    assert found.confidence < 0.1


def sane(found: SearchResult, top_k: int) -> bool:
    scores = [hit.score for hit in found.hits]
    in_range = all(0 <= score <= 1 for score in (*scores, found.confidence))
    return in_range and len(scores) <= top_k and scores == sorted(scores, reverse=True)


@given(ANY_TEXT, st.integers(-1, 20))
def test_any_text_is_searched_without_failing(text: str, top_k: int) -> None:
    assert sane(INDEX.search(text, top_k), max(top_k, 0))


@settings(max_examples=50)
@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT, st.lists(ANY_TEXT, max_size=2)), max_size=4), ANY_TEXT)
def test_any_faq_is_indexed_without_failing(faq: list[tuple[str, str, list[str]]], text: str) -> None:
    entries = [Entry(str(at), asked, told, tuple(more)) for at, (asked, told, more) in enumerate(faq)]
    assert sane(KnowledgeIndex(entries).search(text), 5)
    assert sane(KnowledgeIndex([*MATTRESSES, *entries]).search("preço do queen"), 5)


@given(st.sampled_from(ASKS))
def test_accents_and_case_never_change_the_result(text: str) -> None:
    plain = INDEX.search(fold(text))
    assert INDEX.search(text) == INDEX.search(text.upper()) == INDEX.search(text.title()) == plain


@given(st.sampled_from(MATTRESSES), st.sampled_from(ASKS))
def test_a_learned_variant_is_found_at_once(entry: Entry, variant: str) -> None:
    learned = [replace(one, variants=(variant,)) if one is entry else one for one in MATTRESSES]
    scores = {hit.entry_id: hit.score for hit in KnowledgeIndex(learned).search(variant, 99).hits}
    before = {hit.entry_id: hit.score for hit in INDEX.search(variant, 99).hits}
    assert not scores or scores[entry.id] == 1.0
    assert scores.get(entry.id, 0) >= before.get(entry.id, 0) - 1e-9


@given(st.sampled_from(MATTRESSES), st.sampled_from([entry.question for entry in MATTRESSES]))
def test_a_variant_lowers_no_score_of_a_well_spelled_question(entry: Entry, question: str) -> None:
    learned = [replace(one, variants=("me fala desse trem aí",)) if one is entry else one for one in MATTRESSES]
    after = {hit.entry_id: hit.score for hit in KnowledgeIndex(learned).search(question, 99).hits}
    for hit in INDEX.search(question, 99).hits:
        assert after[hit.entry_id] >= hit.score - 1e-9


def test_only_the_first_characters_of_a_text_are_read() -> None:
    text = "preço do queen ".ljust(MAX_TEXT) + " cancelar garantia massagem"
    assert INDEX.search(text) == INDEX.search("preço do queen")


def test_only_the_first_words_of_a_text_and_letters_of_a_word_are_read() -> None:
    filler = "xilofone " * MAX_WORDS
    assert INDEX.search(f"{filler} queen") == INDEX.search(filler)
    word = "xilofonista" * 3
    assert INDEX.search(f"queen {word[:MAX_WORD]}") == INDEX.search(f"queen {word}")


@pytest.mark.parametrize("piece", ["a", "preço ", "ab cd ", "qwertyuiop", "\x00", "ﷺ"])
def test_a_huge_text_costs_no_more_than_a_long_one(piece: str) -> None:
    started = time.perf_counter()
    assert sane(INDEX.search(piece * (1_000_000 // len(piece))), 5)
    assert time.perf_counter() - started < HUGE_SECONDS


def test_one_index_serves_several_threads() -> None:
    found: list[SearchResult] = []
    threads = [Thread(target=lambda: found.append(INDEX.search("quanto custa o king"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_the_threshold_decides_what_is_answerable() -> None:
    text = "qual o valor do queen"
    assert KnowledgeIndex(MATTRESSES, threshold=0.0).search(text).answerable
    assert not KnowledgeIndex(MATTRESSES, threshold=1.1).search(text).answerable


def test_an_empty_faq_answers_nothing() -> None:
    assert KnowledgeIndex([]).search("qual o preço?") == SearchResult((), 0.0, answerable=False)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("colxao", "colchão"), ("kuanto", "quanto"), ("garantía", "garantia"), ("ezame", "exame"), ("crexe", "creche")],
)
def test_words_written_by_ear_fall_together(written: str, meant: str) -> None:
    assert root(fold(written)) == root(fold(meant))


def test_queen_sounds_the_same_in_every_spelling() -> None:
    assert len({sound(word) for word in ("queen", "quen", "kuin", "cuin", "quin")}) == 1


def test_json_lines_are_answered_in_order() -> None:
    lines = ['{"id": "a", "text": "quanto custa o queen?"}', "", '{"id": 2, "text": "zzzz", "extra": null}']
    first, second = answer_lines(MATTRESSES, lines, top_k=2)
    assert first["id"] == "a"
    assert first["answerable"]
    assert first["results"][0]["entry_id"] == "preco-queen"
    assert len(first["results"]) == 2
    assert second == {"id": 2, "results": [], "confidence": 0.0, "answerable": False}
    assert json.loads(json.dumps(first)) == first


@pytest.mark.parametrize(
    ("line", "place"), [("{", "line"), ("[]", "line"), ('{"id": "x"}', "text"), ('{"id": "x", "text": 5}', "text")]
)
def test_a_bad_line_is_reported_with_its_number(line: str, place: str) -> None:
    with pytest.raises(BadLineError, match=rf"^line 2: {place}: .*expected"):
        list(answer_lines(MATTRESSES, ['{"id": "a", "text": "oi"}', line]))
