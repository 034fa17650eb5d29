from datetime import timedelta

import pytest
from tests.conversation.desk import CHAT, LEFT_IN_OUTAGE, MONDAY, Desk, past
from tests.peers.claude import Claude

from slim_agent.conversation.bubbles import MAX_BUBBLES
from slim_agent.conversation.profile import Profile
from slim_agent.vocabulary.turn import HandOver, TakeBack

QUEEN, KING, STANDARD, SINGLE = "R$ 4.890,00", "R$ 5.899,00", "R$ 4.400,00", "R$ 4.259,00"
MISSPELT = {
    QUEEN: """qto custa o colxao quen? | presso do qeen | valor queem | kuanto e o kin | qnto ta o colchao kuin
        vlr do cuin pfv | preço do quem | quanto custa o quuen | presu do colchao quin | qto e o qeen
        kual o valor do kuen | quanto fica a cama queen | me passa o valor do qeen por favor
        Quanto tá custando o Queen hoje?
        kto custa o colchao queem | q preço tem o quén | oi bom dia qual o preco do queeen
        QUANTO CUSTA O QUEEN??? | valor do colchao queen size pf | quanto é o Queen""",
    KING: "quanto custa o king | e o kingue quanto é? | valr do quingue | presso do colxao king",
    STANDARD: "quanto que sai o de casal | valor do padrao | preço do pdrão | qto custa o colchão padrao",
    SINGLE: "preço do solteiro | quanto é o de soltero | vlr colxao soltero",
}
PRICE_QUESTIONS = [
    (question.strip(), price)
    for price, questions in MISSPELT.items()
    for line in questions.splitlines()
    for question in line.split("|")
]


@pytest.mark.parametrize(("question", "price"), PRICE_QUESTIONS)
async def test_a_price_is_told_however_it_is_spelt_and_no_other_price_with_it(
    alone: Desk, question: str, price: str
) -> None:
    reply = await alone.says(question)
    assert reply.outcome == "answered_offline"
    assert [known for known in MISSPELT if known in "\n".join(reply.texts)] == [price]
    assert reply.effects == ()


def test_there_are_twenty_misspelt_questions_for_the_queen() -> None:
    assert len([price for _, price in PRICE_QUESTIONS if price == QUEEN]) >= 20


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("tem garantía?", "15 anos"),
        ("quantos anos de garntia", "15 anos"),
        ("o frete é gratis?", "grátis"),
        ("quanto custa o frete do queen", "grátis"),
        ("o king tem garantia de quanto tempo?", "15 anos"),
        ("parcela o queen em quantas vezes?", "12 vezes"),
        ("divide em qtas vezes", "12 vezes"),
        ("qual a medida do queen", "158×198×30"),
        ("vcs abrem no sabado?", "9h às 13h"),
        ("quanto custa?", KING),
    ],
)
async def test_other_questions_are_answered_from_the_faq(alone: Desk, question: str, part: str) -> None:
    reply = await alone.says(question)
    assert reply.outcome == "answered_offline"
    assert part in "\n".join(reply.texts)
    confidence = reply.detail["confidence"]
    assert isinstance(confidence, float)
    assert 0.5 < confidence <= 1


@pytest.mark.parametrize("question", ["qual a capital da França?", "voces vendem travesseiro?", "quem é o presidente?"])
async def test_what_the_profile_does_not_say_goes_to_a_person_with_one_line(alone: Desk, question: str) -> None:
    reply = await alone.says(question)
    assert reply.outcome == "handed_over"
    assert len(reply.texts) == 1
    assert reply.effects == (HandOver("not_known", f"Cliente escreveu: {question}"),)


@pytest.mark.parametrize("text", ["oi", "Bom dia!", "oiii", "olá, boa tarde", "Oi BIA", "oi, tudo bem?"])
async def test_a_greeting_is_greeted(alone: Desk, text: str) -> None:
    reply = await alone.says(text)
    assert reply.outcome == "answered_offline"
    assert "BIA" in reply.texts[0]
    assert "{" not in reply.texts[0]
    assert reply.effects == ()


@pytest.mark.parametrize("text", ["obrigada!", "valeu", "ok, muito obrigado"])
async def test_thanks_are_taken_kindly(alone: Desk, profile: Profile, text: str) -> None:
    assert (await alone.says(text)).texts == (profile.company.lines.thanks,)


async def test_each_question_of_a_burst_is_answered_once(alone: Desk) -> None:
    reply = await alone.says("oi", "quanto custa o quen?", "e tem garantia?", "frete é grátis?")
    assert reply.outcome == "answered_offline"
    assert [QUEEN in reply.texts[0], "15 anos" in reply.texts[1], "grátis" in reply.texts[2]] == [True] * 3
    assert (await alone.says("tem garantia?", "tem garantia??")).texts == (reply.texts[1],)


async def test_questions_on_one_line_are_told_apart(alone: Desk) -> None:
    reply = await alone.says("quanto custa o king? tem garantia?")
    assert [KING in reply.texts[0], "15 anos" in reply.texts[1]] == [True, True]


async def test_a_burst_gets_no_more_bubbles_than_allowed(alone: Desk) -> None:
    reply = await alone.says("preço do queen", "preço do king", "tem garantia?", "aceita pix?", "o frete é grátis?")
    assert len(reply.texts) == MAX_BUBBLES


async def test_a_question_split_over_two_messages_is_understood(alone: Desk) -> None:
    reply = await alone.says("queria saber", "do queen o preço")
    assert QUEEN in "\n".join(reply.texts)


async def test_a_model_that_fails_is_replaced_by_the_profile(desk: Desk, claude: Claude) -> None:
    claude.usual = {"status": 529}
    reply = await desk.says("qto custa o colxao quen?")
    assert reply.outcome == "answered_offline"
    assert QUEEN in reply.texts[0]
    assert "529" in str(reply.detail["problem"])


async def test_an_outage_is_told_once_then_the_chat_is_left_to_the_person(desk: Desk, claude: Claude) -> None:
    claude.usual = {"status": 529}
    first = await desk.says("vocês vendem travesseiro?")
    assert [effect.reason for effect in first.effects if isinstance(effect, HandOver)] == ["outage"]
    assert len(first.texts) == 1
    again = await desk.says("e fronha?", chat=LEFT_IN_OUTAGE, turn_id=2)
    assert (again.outcome, again.texts, again.effects) == ("left_to_person", (), ())
    greeted = await desk.says("oi", chat=LEFT_IN_OUTAGE, turn_id=3)
    assert greeted.texts == ()
    known = await desk.says("tem garantia?", chat=LEFT_IN_OUTAGE, turn_id=4)
    assert "15 anos" in known.texts[0]
    assert known.effects == ()
    assert len(claude.requests) == 3


async def test_the_agent_takes_the_chat_back_when_the_model_answers_again(desk: Desk, claude: Claude) -> None:
    claude.script({"text": "Voltei!"})
    reply = await desk.says("alguém aí?", chat=LEFT_IN_OUTAGE)
    assert (reply.outcome, reply.texts, reply.effects) == ("answered", ("Voltei!",), (TakeBack(),))


@pytest.mark.parametrize(
    ("hours", "part"),
    [(0, "está por aqui agora"), (10, "amanhã às 9h"), (6 * 24 - 1, "amanhã às 9h"), (5 * 24 + 6, "segunda-feira")],
)
async def test_the_line_says_when_a_person_will_answer(alone: Desk, hours: int, part: str) -> None:
    alone.at = MONDAY + timedelta(hours=hours)
    assert part in (await alone.says("vocês vendem travesseiro?")).texts[0]


@pytest.mark.parametrize("online", [True, False])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("quem usa marca-passo pode?", "pacemaker"),
        ("meu pai tem marcapaso", "pacemaker"),
        ("minha mãe usa marca passo", "pacemaker"),
        ("to gravida, posso usar?", "pregnancy"),
        ("sou GESTANTE", "pregnancy"),
        ("uso bomba d insulina", "insulin_pump"),
        ("quero falar com um atendente", "asks_for_person"),
        ("qro cancelar a compra", "after_sales"),
    ],
)
async def test_a_topic_for_people_goes_to_a_person_without_asking_a_model(
    desk: Desk, alone: Desk, claude: Claude, text: str, reason: str, online: bool
) -> None:
    reply = await (desk if online else alone).says(text)
    assert reply.outcome == "handed_over"
    assert [effect.reason for effect in reply.effects if isinstance(effect, HandOver)] == [reason]
    assert claude.requests == []


@pytest.mark.parametrize(
    "text",
    [
        "a foto foi gravada?",
        "qual a marca?",
        "gravata",
        "passo aí amanhã",
        "insulfilm",
        "quero trocar meu colchão velho",
    ],
)
async def test_a_word_that_only_resembles_a_topic_is_none(alone: Desk, text: str) -> None:
    reasons = [effect.reason for effect in (await alone.says(text)).effects if isinstance(effect, HandOver)]
    assert reasons in ([], ["not_known"])


@pytest.mark.parametrize("text", ["\0", "\ud800", "", "   ", "🛏️" * 500, "a" * 100_000, "[áudio]", "?" * 9_000])
async def test_no_text_breaks_an_offline_answer(alone: Desk, text: str) -> None:
    reply = await alone.says(text)
    assert reply.texts or reply.outcome == "nothing_to_answer"
    "".join(reply.texts).encode()


@pytest.mark.parametrize("text", ["kkkk", "ok", "blz", "👍", "😀🛏️"])
async def test_a_nod_gets_no_answer_and_no_person(alone: Desk, text: str) -> None:
    reply = await alone.says(text)
    assert (reply.outcome, reply.texts, reply.effects) == ("nothing_to_answer", (), ())


@pytest.mark.parametrize(
    "text",
    [
        "oi bia, qual valor do colchao queen",
        "bia quanto custa o queen",
        "quanto está saindo o colchão queen?",
        "qto ta saindo o queem",
        "quanto vale o queen",
        "valor da cama queem plz",
        "valor queen amor",
    ],
)
async def test_politeness_and_names_do_not_hide_a_question_of_price(alone: Desk, text: str) -> None:
    assert "4.890,00" in (await alone.says(text)).texts[0]


async def test_history_does_not_change_an_offline_answer(alone: Desk) -> None:
    history = past("c: quanto custa o king?", "a: R$ 5.899,00", "p: Posso ajudar?")
    reply = await alone.says("e o queen?", history=history, chat=CHAT)
    assert QUEEN in reply.texts[0]
    assert KING not in reply.texts[0]


async def test_every_answer_of_a_burst_is_given_however_many_there_are(alone: Desk) -> None:
    reply = await alone.says("quanto custa o queen?\nqual a garantia?\nquanto custa o king?\nquanto custa o solteiro?")
    said = "\n".join(reply.texts)
    assert all(price in said for price in ("4.890,00", "5.899,00", "4.259,00"))
    assert "15 anos" in said
    assert len(reply.texts) <= 3
