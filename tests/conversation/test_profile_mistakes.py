import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slim_agent.conversation.profile import load_profile
from slim_agent.conversation.profile.documents import MAX_FILE_BYTES
from slim_agent.conversation.profile.load import MAX_MARKDOWN_CHARS
from slim_agent.conversation.profile.money import format_money
from slim_agent.vocabulary.failures import ConfigurationError

SMALLEST = {
    "profile.yaml": "name: Loja da Ana\n",
    "faq.yaml": "entries:\n  - id: troca\n    question: Trocam?\n    answer: Sim.\n",
}


def folder(path: Path, **files: str) -> Path:
    """Write the smallest profile and `files` over it; two underscores in a name are a dot or a slash."""
    named = {name.replace("__", "."): text for name, text in files.items()}
    for name, text in {**SMALLEST, **named}.items():
        target = path / (f"prompts/{name}" if name in {"router.md", "sales.md"} else name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return path


def mistakes(path: Path, **files: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_profile(folder(path, **files))
    return [problem.replace(f"{path}/", "") for problem in caught.value.problems]


def test_a_name_and_an_faq_are_enough(tmp_path: Path) -> None:
    profile = load_profile(folder(tmp_path))
    assert profile.company.name == "Loja da Ana"
    assert profile.company.agent.name
    assert profile.products == ()
    assert set(profile.prompts) == {"discovery", "sales", "support"}
    assert all(profile.prompts.values())
    assert {route for route, _ in profile.examples} == {"discovery", "sales", "support"}


def test_every_mistake_is_reported_at_once_with_file_and_line(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        profile__yaml="name: Loja\ntime_zone: America/Atlantida\nagent:\n  nome: Bia\n",
        faq__yaml="entries:\n- id: a\n  question: Q?\n  anser: R.\n- id: b\n  question: [x]\n  answer: R.\n",
        catalogue__yaml="products:\n- id: p\n  name: P\n  price: barato\n",
    )
    assert [mistake.split(": ")[0] for mistake in found] == [
        "profile.yaml:4",
        "profile.yaml:2",
        "faq.yaml:2",
        "faq.yaml:4",
        "faq.yaml:6",
        "catalogue.yaml:4",
    ]


@pytest.mark.parametrize(
    ("files", "line", "part"),
    [
        ({"profile__yaml": "name: A\nagnt: {}\n"}, "profile.yaml:2", "did you mean agent? (allowed: name, agent,"),
        ({"profile__yaml": "agent:\n  name: B\n"}, "profile.yaml:1", "name: Field required"),
        ({"profile__yaml": "- name\n"}, "profile.yaml:1", "must have keys: name"),
        ({"profile__yaml": "name: A\nagent: Bia\n"}, "profile.yaml:2", "must have keys: name, persona"),
        ({"profile__yaml": "name: [A\n"}, "profile.yaml:2", "is not YAML"),
        ({"profile__yaml": "name: A\nname: B\n"}, "profile.yaml:2", "stands twice"),
        ({"profile__yaml": "name: &a A\nlanguage: *a\n"}, "profile.yaml:2", "anchors and aliases are not allowed"),
        ({"profile__yaml": "name: !!python/object:os.x A\n"}, "profile.yaml:1", "is not YAML"),
        ({"profile__yaml": "name: A\ntime_zone: Brasília\n"}, "profile.yaml:2", "such as America/Sao_Paulo"),
        ({"profile__yaml": "name: A\noffice_hours:\n  monday: 9 to noon\n"}, "profile.yaml:2", "not a span of hours"),
        ({"profile__yaml": "name: A\noffice_hours:\n  funday: 9-18\n"}, "profile.yaml:2", "not a day"),
        ({"profile__yaml": "name: A\noffice_hours: always\n"}, "profile.yaml:2", "must map days to times"),
        (
            {"profile__yaml": "name: A\nhandover_topics:\n- id: Gravidez!\n  phrases: [a]\n"},
            "profile.yaml:3",
            "pattern",
        ),
        ({"faq__yaml": "entries: none\n"}, "faq.yaml:1", "entries"),
        ({"faq__yaml": ""}, "faq.yaml:1", "entries: Field required"),
        (
            {"faq__yaml": "entries:\n- {id: a, question: Q, answer: R}\n- {id: a, question: Q, answer: R}\n"},
            "faq.yaml:3",
            "'a' is used twice",
        ),
        (
            {"faq__yaml": "entries:\n- id: a\n  question: Q\n  answer: Custa {price:x}\n"},
            "faq.yaml:4",
            "unknown product 'x'",
        ),
        (
            {"catalogue__yaml": "products:\n- {id: p, name: P, price: -1}\n"},
            "catalogue.yaml:2",
            "greater than or equal",
        ),
        ({"catalogue__yaml": "products:\n- {id: p, name: P, price: '4.890,00'}\n"}, "catalogue.yaml:2", "4890.00"),
        ({"catalogue__yaml": "products:\n- {id: p, name: P, pric: 1}\n"}, "catalogue.yaml:2", "did you mean price?"),
        ({"router.md": "# x\n## vendas\n- oi\n"}, "prompts/router.md:2", "allowed: discovery, sales, support"),
        ({"policies.md": "x" * (MAX_MARKDOWN_CHARS + 1)}, "policies.md:1", str(MAX_MARKDOWN_CHARS)),
        ({"sales.md": "x" * (MAX_MARKDOWN_CHARS + 1)}, "prompts/sales.md:1", str(MAX_MARKDOWN_CHARS)),
        ({"faq__yaml": "#" * (MAX_FILE_BYTES + 1)}, "faq.yaml:1", str(MAX_FILE_BYTES)),
        ({"profile__yaml": "name: " + "[" * 5_000 + "]" * 5_000}, "profile.yaml:1", "is not YAML"),
    ],
)
def test_a_mistake_names_its_line_and_what_is_allowed(
    tmp_path: Path, files: dict[str, str], line: str, part: str
) -> None:
    found = mistakes(tmp_path, **files)
    assert any(mistake.startswith(f"{line}:") and part in mistake for mistake in found), found


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_profile(tmp_path / "nowhere")
    assert [re.search(r"nowhere/(\w+\.yaml): cannot be read", problem) for problem in caught.value.problems].count(
        None
    ) == 0
    assert len(caught.value.problems) == 2


def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    (folder(tmp_path) / "policies.md").write_bytes("ok\nnão".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"policies\.md:2: is not UTF-8"):
        load_profile(tmp_path)


def test_prices_are_exact_and_filled_into_answers(tmp_path: Path) -> None:
    profile = load_profile(
        folder(
            tmp_path,
            catalogue__yaml="products:\n- {id: p, name: P, price: 1234567.10}\n- {id: q, name: Q, price: 0.1}\n",
            faq__yaml="entries:\n- {id: 1, question: Q, answer: 'P custa {price:p}, Q {price:q}.'}\n",
        )
    )
    assert profile.products[0].price == Decimal("1234567.10")
    assert profile.faq[0].answer == "P custa R$ 1.234.567,10, Q R$ 0,10."
    assert profile.faq[0].id == "1"


def test_a_content_hash_changes_with_its_file_and_only_with_it(tmp_path: Path) -> None:
    before = load_profile(folder(tmp_path, **{"sales.md": "um"})).versions
    after = load_profile(folder(tmp_path, **{"sales.md": "dois"})).versions
    assert {name for name in before if before[name] != after[name]} == {"sales.md"}


@given(amount=st.decimals(min_value=0, max_value=10**9, places=2))
def test_money_reads_back_as_the_same_amount(amount: Decimal) -> None:
    text = format_money(amount)
    assert Decimal(text.removeprefix("R$ ").replace(".", "").replace(",", ".")) == amount
    assert re.fullmatch(r"R\$ \d{1,3}(\.\d{3})*,\d{2}", text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.text(alphabet=st.sampled_from("abn:[]{}-#&*!|>%@`'\"\n \t,é\x00\ufeff"), max_size=60))
def test_any_text_as_a_profile_is_a_value_or_a_list_of_mistakes(tmp_path: Path, text: str) -> None:
    try:
        problems: tuple[str, ...] = ()
        assert load_profile(folder(tmp_path, profile__yaml=text)).company.name
    except ConfigurationError as error:
        problems = error.problems
    assert all(problem.strip() for problem in problems)
