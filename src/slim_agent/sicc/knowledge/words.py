"""A word as it sounds: folded, stemmed and spelled by ear, so that accents, endings and misspellings fall together."""

import re
import unicodedata
from functools import lru_cache

MAX_TEXT = 2_000
"""Characters of a text that are read; the rest of a longer one is ignored."""

MAX_WORD = 24
"""Letters of a word that are read."""

_WORD = re.compile(r"[a-z]+|[0-9]+")
_TIMES = re.compile(r"(?<=[0-9])\s?x\b")
_THOUSANDS = re.compile(r"(?<=[0-9])[.](?=[0-9]{3}\b)")
_DRAWL = re.compile(r"([a-z])\1{2,}")
_ENDINGS = sorted(
    """
    amentos imentos amento imento adoras adores adora ador acoes icoes coes oes acao icao cao ao aos mente
    idades idade ancias encias ancia encia antes ante entes ente aveis iveis avel ivel ismos ismo istas ista
    osos osas oso osa ando endo indo aram eram iram avam ariam eriam iriam aremos eremos iremos aria eria
    iria ava asse esse isse arei erei irei amos emos imos ados adas idos idas ado ada ido ida inhos inhas
    inho inha ar er ir am em ou ei eu iu as es is os a e i o
    """.split(),
    key=len,
    reverse=True,
)
_MIN_STEM = 3
_GREEDY = range(3, 5)
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"uu+", "u"),
        (r"[kq]w", "k"),
        (r"^ex(?=[aeiou])", "es"),
        (r"[kqc]u(?=[ei])", "k"),
        (r"gu(?=[ei])", "G"),
        (r"ee", "i"),
        (r"oo", "u"),
        (r"ph", "f"),
        (r"[cs]h", "x"),
        (r"lh", "li"),
        (r"nh", "ni"),
        (r"x?[sc]?c(?=[eiy])", "s"),
        (r"g(?=[eiy])", "j"),
        (r"[cq]", "k"),
        (r"G", "g"),
        (r"[zs]+", "s"),
        (r"w", "v"),
        (r"y", "i"),
        (r"h", ""),
        (r"m(?=[^aeiou]|$)", "n"),
        (r"l(?=[^aeiou]|$)", "u"),
        (r"e", "i"),
        (r"o", "u"),
        (r"(.)\1+", r"\1"),
    )
)


def fold(text: str) -> str:
    """Return the first `MAX_TEXT` characters in small letters, without accents and drawls ("oiii")."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text[:MAX_TEXT]).casefold())
    plain = "".join(letter for letter in decomposed[: 2 * MAX_TEXT] if not unicodedata.combining(letter))
    return _DRAWL.sub(r"\1", _THOUSANDS.sub("", _TIMES.sub(" vezes", plain)))


def split(text: str) -> list[str]:
    """Return the words and numbers of a folded text, in order."""
    return [word[:MAX_WORD] for word in _WORD.findall(text)]


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return a folded word without its ending; at least three letters remain."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM + (len(ending) in _GREEDY):
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=16_384)
def sound(word: str) -> str:
    """Return how a folded word sounds in Brazil, one sign a sound: "queen", "kuin" and "quen" are the same."""
    for pattern, sign in _SOUNDS:
        word = pattern.sub(sign, word)
    return word


def root(word: str) -> str:
    """Return the sound of a folded word's stem: the key under which it is found."""
    return sound(stem(word))
