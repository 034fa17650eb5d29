from decimal import Decimal

import pytest
from tests.conversation.desk import past, turn

from slim_agent.conversation.handbook import Handbook
from slim_agent.conversation.profile import Profile
from slim_agent.conversation.routing import Router

PRICES = {"Solteiro": "4259", "Padrão": "4400", "Queen": "4890", "King": "5899"}
SIZES = {"Solteiro": "88×188×28", "Padrão": "138×188×28", "Queen": "158×198×30", "King": "193×203×30"}


def test_the_catalogue_holds_the_companys_products(profile: Profile) -> None:
    assert {product.name: product.price for product in profile.products} == {
        name: Decimal(price) for name, price in PRICES.items()
    }
    assert all(SIZES[product.name] in product.attributes_text for product in profile.products)


def test_the_agent_is_bia_in_sao_paulo(profile: Profile) -> None:
    assert (profile.company.agent.name, profile.company.time_zone) == ("BIA", "America/Sao_Paulo")
    assert [day for day, _, _ in profile.company.office_hours.spans] == [0, 1, 2, 3, 4, 5]


def test_no_answer_promises_a_cure_or_states_a_price_of_its_own(profile: Profile) -> None:
    assert not any(word in entry.answer.lower() for entry in profile.faq for word in (" cura", "trata ", "desconto de"))
    raw = (profile.folder / "faq.yaml").read_text(encoding="utf-8")
    assert "R$" not in raw


def test_every_question_and_variant_finds_its_own_answer(profile: Profile) -> None:
    handbook = Handbook(profile)
    asked = [(text, entry) for entry in profile.faq for text in (entry.question, *entry.variants)]
    missed = [text for text, entry in asked if entry.id not in [hit.id for hit in handbook.entries(text, 3)]]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("oi boa noite", "discovery"),
        ("vi o anuncio", "discovery"),
        ("qto custa o kuin", "sales"),
        ("parcelam em qtas vezes?", "sales"),
        ("meu colxao veio com defeito", "support"),
        ("cadê meu pedido, ainda nao chegou", "support"),
    ],
)
def test_a_message_finds_its_route(profile: Profile, text: str, route: str) -> None:
    assert Router(profile).route(turn(text)) == route


def test_a_short_answer_stays_on_the_route_of_what_came_before(profile: Profile) -> None:
    history = past("c: comprei e ainda não chegou", "a: Qual o número?")
    assert Router(profile).route(turn("8842", history=history)) == "support"
    assert Router(profile).route(turn("8842")) == "discovery"
