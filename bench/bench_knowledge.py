"""How long a search takes and what an index weighs; prints JSON. Run: python bench/bench_knowledge.py [entries]."""

import json
import random
import sys
import time
import tracemalloc

from slim_agent.sicc.knowledge import Entry, KnowledgeIndex

WORDS = """trocar cancelar parcelar devolver agendar renovar emitir consultar alterar receber pedido fatura colchão
consulta matrícula internet cartão reserva garantia boleto exame contrato plano entrega senha nota uniforme cadastro
produto endereço mensal grande infantil antigo premium digital básico especial importado completo"""
QUESTIONS = 3_000
SEED = 3


def faq(size: int, rng: random.Random) -> list[Entry]:
    """Return made-up entries whose words repeat as those of a real FAQ do."""
    words = WORDS.split()
    return [
        Entry(
            str(number), f"Como faço para {' '.join(rng.sample(words, 3))} {number}?", " ".join(rng.sample(words, 15))
        )
        for number in range(size)
    ]


def question(entry: Entry, rng: random.Random) -> str:
    """Return an entry's question with one letter lost, as a customer may write it: seldom seen twice."""
    spot = rng.randrange(len(entry.question))
    return f"oi, {entry.question[:spot]}{entry.question[spot + 1 :]} pfv"


def main() -> None:
    """Measure and print."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    rng = random.Random(SEED)
    entries = faq(size, rng)
    KnowledgeIndex(entries[:1])
    tracemalloc.start()
    weighed = KnowledgeIndex(entries)
    bytes_held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    started = time.perf_counter()
    index = KnowledgeIndex(entries)
    built = time.perf_counter() - started
    taken = []
    for text in [question(rng.choice(entries), rng) for _ in range(QUESTIONS)]:
        started = time.perf_counter()
        index.search(text)
        taken.append(time.perf_counter() - started)
    taken.sort()
    figures = {
        "entries": size,
        "build_seconds": round(built, 3),
        "megabytes": round(bytes_held / 2**20, 1),
        "questions_per_minute": round(60 * QUESTIONS / sum(taken)),
        "milliseconds_p50": round(1000 * taken[QUESTIONS // 2], 2),
        "milliseconds_p99": round(1000 * taken[QUESTIONS * 99 // 100], 2),
    }
    del weighed
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
