"""What the profile itself can answer: FAQ and catalogue, searched together, products known by ear."""

from dataclasses import dataclass

from slim_agent.conversation.profile import Product, Profile
from slim_agent.sicc.knowledge import Entry, KnowledgeIndex
from slim_agent.sicc.knowledge.lexicon import portuguese
from slim_agent.sicc.knowledge.spelling import distance, likeness
from slim_agent.sicc.knowledge.words import fold, sound, split

MAX_PRODUCTS_AT_ONCE = 4
MIN_LIKENESS = 0.75
MAX_LENGTH_APART = 3
MIN_LETTERS_FOR_A_MISTAKE = 5
PRICE_WORDS = ("quanto", "kto", "preco", "valor", "custa", "custo", "custando", "sai", "fica")
PRICE_NOUNS = ("preco", "valor", "custa", "custo", "custando")
HOW_MUCH = ("quanto", "kto")
HOW_MUCH_IS = frozenset("sai saindo fica ficando ta esta estao e eh vale seria sera pago pagar o no".split())
PLEASANTRIES = frozenset("amor moca moco bem querida linda plz pls pf pfv favor gentileza grata grato".split())
SHOP_WORDS = ("tamanho", "modelo", "cama", "produto")
ARTICLES = frozenset("o a do da no na um uma de colchao cama tamanho modelo".split())


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the profile; `confidence` (0..1) is how sure the search is."""

    text: str
    confidence: float


class Handbook:
    """The profile as something that can be asked."""

    def __init__(self, profile: Profile) -> None:
        self._products = profile.products
        entries = [Entry(item.id, item.question, item.answer, item.variants) for item in profile.faq]
        cards = [_entry(product) for product in profile.products]
        self._cards = {entry.id for entry in cards}
        self._answers = {entry.id: entry for entry in [*entries, *cards]}
        self._index = KnowledgeIndex(list(self._answers.values()))
        self._names = [
            (split(fold(name)), product) for product in self._products for name in (product.name, *product.aliases)
        ]
        self._name_words = {word for name, _ in self._names for word in name}
        self._nicknames = set(split(fold(profile.company.agent.name)))
        self._card_words = {*PRICE_WORDS, *SHOP_WORDS, *_shared_words(profile.products)}

    def entries(self, text: str, top_k: int) -> list[Entry]:
        """Return the entries nearest to a text, best first."""
        return [self._answers[hit.entry_id] for hit in self._index.search(text, top_k).hits]

    def products(self, text: str, top_k: int) -> list[Product]:
        """Return the products that a text names, or else the ones nearest to it."""
        named = self.named(text)
        by_entry = {_entry_id(product): product for product in self._products}
        hits = self._index.search(text, len(self._answers)).hits
        near = [by_entry[hit.entry_id] for hit in hits if hit.entry_id in by_entry]
        return (named or near or list(self._products))[:top_k]

    def named(self, text: str) -> list[Product]:
        """Return the products whose name or alias a text contains, spelled by ear."""
        words = split(fold(text))
        found = {product.id: product for name, product in self._names if _heard(words, name)}
        return list(found.values())

    def answer(self, line: str) -> Answer | None:
        """Return the profile's answer to one question, None when it has none it can be sure of."""
        line = " ".join(word for word in line.split() if fold(word).strip(",.!?:;") not in self._nicknames)
        named = self.named(line)
        if named and (self._asks_for_cards(line) or self._asks_only_the_price(line)):
            return Answer("\n\n".join(card(product) for product in named[:MAX_PRODUCTS_AT_ONCE]), 1.0)
        # What is asked about a product may be found better without its name, which weighs more than "delivery".
        readings = [line, self._without_names(line)] if named else [line]
        found = [answer for text in readings if (answer := self._search(text, named))]
        return max(found, key=lambda answer: answer.confidence, default=None)

    def _search(self, text: str, named: list[Product]) -> Answer | None:
        """Return the surest entry; the card of a product that was not named is never sure."""
        result = self._index.search(text, 1)
        if not result.answerable:
            return None
        entry = self._answers[result.hits[0].entry_id]
        if entry.id in self._cards and entry.id not in map(_entry_id, named):
            return None
        return Answer(entry.answer, result.confidence)

    def _asks_for_cards(self, line: str) -> bool:
        """Whether nothing is left of a line without product names, what a card tells and words that say little."""
        lexicon = portuguese()
        told = self._name_words | self._card_words
        return not any(
            word not in lexicon.faint | lexicon.asking and not any(_alike(word, known) for known in told)
            for word in lexicon.content(line)
        )

    def _asks_only_the_price(self, line: str) -> bool:
        """Whether a line with a product's name asks what it costs, and nothing else."""
        words = split(fold(line))
        asked = any(_alike(word, noun) for word in words for noun in PRICE_NOUNS) or any(
            _alike(word, how) and HOW_MUCH_IS.intersection(words[at + 1 : at + 3])
            for at, word in enumerate(words)
            for how in HOW_MUCH
        )
        lexicon = portuguese()
        told = self._name_words | self._card_words
        return asked and not any(
            word not in lexicon.faint | lexicon.asking | PLEASANTRIES | HOW_MUCH_IS
            and not any(_alike(word, known) for known in told)
            for word in lexicon.content(line)
        )

    def _without_names(self, line: str) -> str:
        words = split(fold(line))
        at = range(len(words))
        return " ".join(words[i] for i in at if not any(_said(words, i, known) for known in self._name_words))


def card(product: Product) -> str:
    """Return a product with its price, as customers read it."""
    lines = (f"*{product.name}*: {product.price_text}", product.description, product.attributes_text)
    return "\n".join(line for line in lines if line)


def _shared_words(products: tuple[Product, ...]) -> set[str]:
    """Return what every description says and what the attributes are called: words that name no single product."""
    described = [set(split(fold(product.description))) for product in products]
    attributes = split(fold(" ".join(name for product in products for name in product.attributes)))
    return set(attributes).union(set.intersection(*described) if described else ())


def _entry_id(product: Product) -> str:
    return f"product {product.id}"


def _entry(product: Product) -> Entry:
    names = dict.fromkeys((product.name, *product.aliases))
    variants = [f"{ask} {name}" for name in names for ask in ("quanto custa o", "qual o tamanho do", "me fala do")]
    return Entry(_entry_id(product), f"Qual é o preço do {product.name}?", card(product), tuple(variants))


def _heard(words: list[str], name: list[str]) -> bool:
    starts = range(len(words) - len(name) + 1)
    return bool(name) and any(all(_said(words, start + at, known) for at, known in enumerate(name)) for start in starts)


def _said(words: list[str], at: int, known: str) -> bool:
    word = words[at]
    if word == known:
        return True
    # "quem" sounds like "queen", but is one only where a name is expected.
    ordinary = word in portuguese().words or word in portuguese().silent
    return _alike(word, known) and (not ordinary or (at > 0 and words[at - 1] in ARTICLES))


def _alike(word: str, known: str) -> bool:
    if abs(len(word) - len(known)) > MAX_LENGTH_APART:
        return False
    long_enough = min(len(word), len(known)) >= MIN_LETTERS_FOR_A_MISTAKE
    return likeness(sound(word), sound(known)) >= MIN_LIKENESS or (long_enough and distance(word, known) <= 1)
