"""Example companies with their FAQ and what customers ask, and texts that are nobody's business."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from slim_agent.sicc.knowledge import Entry

DATA = Path(__file__).parent / "data"
NEIGHBOURS = {key: row[at - 1] for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for at, key in enumerate(row)}
# Ids of different companies that one answer could serve: not used as texts from outside for each other.
KIN = (
    "frete taxa-entrega area-entrega prazo-entrega tempo-entrega racao rastrear mudar-endereco leva-traz",
    "prazo-entrega tempo-entrega entrega-cartao",
    "planos mensalidade diaria preco-queen preco-king preco-solteiro preco-padrao preco-pizza preco-consulta tarifa",
    "planos mensalidade diaria banho-preco personal taxa tarifa orcamento cupom desconto iptu-desconto taxa-entrega",
    "cancelamento encerrar cancelar-pedido rescisao trancar remarcar devolucao reembolso multa",
    "agendar reserva agendar-banho visita consulta-sus remarcar matricula creche reuniao",
    "senha senha-wifi",
    "vacina vacinas",
    "pagamento parcelamento fatura segunda-via boleto vencimento iptu tarifa",
    "suporte atendente horario checkin horario-aulas",
    "garantia troca-defeito defeito reparo troca devolucao",
    "teste aula-experimental visita",
    "endereco unidades area-entrega cobertura mudar-endereco mudanca-endereco retirada",
    "documentos renda abrir-conta",
    "piscina banho-preco vestiario armarios",
    "sem-internet wifi lenta offline",
    "atestado avaliacao exames vistoria",
    "pets gatos criancas idade-minima",
    "importar exportar",
    "transporte transfer onibus leva-traz",
    "alimentacao cafe cardapio",
    "emprestimo financiamento",
    "hotel reserva diaria",
    "acompanhante usuarios",
)


@dataclass(frozen=True, slots=True)
class Company:
    """`asks` are (entry id, text) as customers write; `split` is development or held-out."""

    name: str
    split: str
    entries: tuple[Entry, ...]
    asks: tuple[tuple[str, str], ...]


@cache
def companies(split: str) -> tuple[Company, ...]:
    """Return the companies of a split, by name."""
    found = (_company(path) for path in sorted(DATA.glob("*.yaml")) if path.stem != "outside")
    return tuple(company for company in found if company.split == split)


@cache
def outside(split: str) -> tuple[str, ...]:
    """Return the texts of a split that no company answers."""
    return _texts(yaml.safe_load((DATA / "outside.yaml").read_text(encoding="utf-8"))[split])


def misspell(text: str, rng: random.Random) -> str:
    """Return a text with a letter swapped, lost, doubled or mistaken in a quarter of its longer words, at least one."""
    words = text.split()
    long = [at for at, word in enumerate(words) if len(word) >= 4]
    for at in rng.sample(long, min(len(long), max(1, len(words) // 4))):
        word, spot = words[at], rng.randrange(1, len(words[at]) - 1)
        before, letter, after = word[:spot], word[spot], word[spot + 1 :]
        words[at] = rng.choice(
            (
                before + after[0] + letter + after[1:],
                before + after,
                before + letter + letter + after,
                before + NEIGHBOURS.get(letter, letter) + after,
            )
        )
    return " ".join(words)


def strangers(company: Company, others: Iterable[Company]) -> Iterator[str]:
    """Yield what is asked of other companies and this one has no answer for."""
    own = {entry.id for entry in company.entries}
    own |= {name for kin in KIN for name in kin.split() if own & set(kin.split())}
    for other in others:
        yield from (text for entry_id, text in other.asks if other is not company and entry_id not in own)


def _company(path: Path) -> Company:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    entries = tuple(Entry(item["id"], item["question"], item["answer"]) for item in data["entries"])
    asks = tuple((item["id"], text) for item in data["entries"] for text in _texts(item["asks"]))
    return Company(data["domain"], data["split"], entries, asks)


def _texts(joined: str) -> tuple[str, ...]:
    return tuple(text.strip() for text in joined.split(" | "))
