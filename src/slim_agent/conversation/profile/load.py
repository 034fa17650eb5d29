"""From a folder to a Profile, or to one error with every mistake in it."""

import re
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from slim_agent.conversation.profile.documents import Document, read_document, read_text, validate
from slim_agent.conversation.profile.model import ROUTES, Catalogue, Company, Faq, FaqEntry, Product, Profile, Route
from slim_agent.vocabulary.failures import ConfigurationError

MAX_MARKDOWN_CHARS = 12_000
"""Longest policies or prompt: all of them go into every request to the model."""

PRICE = re.compile(r"\{price:([^{}]*)\}")

PartType = TypeVar("PartType", bound=BaseModel)


def default_profile_folder() -> Path:
    """Return the folder of the profile that ships with the package."""
    return Path(str(files("slim_agent"))) / "profiles" / "slim_quality"


def load_profile(folder: Path) -> Profile:
    """Return a profile; profile.yaml and faq.yaml are needed, everything else is optional.

    Raises:
        ConfigurationError: with one sentence for each mistake: file, line, what is wrong, what is allowed.
    """
    reading = _Reading(folder)
    company = reading.part("profile.yaml", Company)
    faq = reading.part("faq.yaml", Faq)
    catalogue = reading.part("catalogue.yaml", Catalogue) if (folder / "catalogue.yaml").exists() else Catalogue()
    policies = reading.markdown("policies.md") if (folder / "policies.md").exists() else ""
    prompts: dict[Route, str] = {route: reading.prompt(f"{route}.md") for route in ROUTES}
    examples = reading.examples()
    entries = reading.priced(faq, catalogue) if faq and catalogue else ()
    if reading.mistakes or company is None or catalogue is None:
        raise ConfigurationError(reading.mistakes)
    return Profile(
        folder,
        company,
        catalogue.products,
        entries,
        policies,
        prompts,
        examples,
        dict(sorted(reading.versions.items())),
    )


def load_faq(folder: Path) -> tuple[FaqEntry, ...]:
    """Return the FAQ alone, whatever else a folder holds or lacks.

    Raises:
        ConfigurationError: with one sentence for each mistake in faq.yaml and catalogue.yaml.
    """
    reading = _Reading(folder)
    faq = reading.part("faq.yaml", Faq)
    catalogue = reading.part("catalogue.yaml", Catalogue) if (folder / "catalogue.yaml").exists() else Catalogue()
    entries = reading.priced(faq, catalogue) if faq and catalogue else ()
    if reading.mistakes:
        raise ConfigurationError(reading.mistakes)
    return entries


class _Reading:
    def __init__(self, folder: Path) -> None:
        self.mistakes: list[str] = []
        self.versions: dict[str, str] = {}
        self._folder = folder
        self._documents: dict[str, Document] = {}

    def part(self, name: str, kind: type[PartType]) -> PartType | None:
        document = read_document(self._folder / name, self.mistakes, self.versions)
        if document is None:
            return None
        self._documents[name] = document
        found = validate(document, kind, self.mistakes)
        if isinstance(found, Catalogue):
            self._refuse_doubles(document, "products", found.products)
        elif isinstance(found, Faq):
            self._refuse_doubles(document, "entries", found.entries)
        return found

    def markdown(self, name: str, folder: Path | None = None) -> str:
        file = (folder or self._folder) / name
        text = read_text(file, self.mistakes, self.versions) or ""
        if len(text) > MAX_MARKDOWN_CHARS:
            self.mistakes.append(f"{file}:1: longer than {MAX_MARKDOWN_CHARS} characters")
        return text.strip()

    def prompt(self, name: str) -> str:
        own = self._folder / "prompts"
        return self.markdown(
            name, own if (own / name).exists() else Path(str(files("slim_agent.conversation"))) / "prompts"
        )

    def examples(self) -> tuple[tuple[Route, str], ...]:
        """Read router.md: a heading for each route, example phrases in lists below."""
        found: list[tuple[Route, str]] = []
        route: Route | None = None
        for number, line in enumerate(self.prompt("router.md").splitlines(), 1):
            if line.startswith("#"):
                heading = line.strip("# ").lower()
                route = next((known for known in ROUTES if known == heading), None)
                if route is None and line.startswith("##"):
                    where = f"{self._folder / 'prompts' / 'router.md'}:{number}"
                    self.mistakes.append(f"{where}: unknown route (allowed: {', '.join(ROUTES)})")
            elif route and line.lstrip().startswith(("-", "*")):
                found.append((route, line.strip(" -*")))
        return tuple(found)

    def priced(self, faq: Faq, catalogue: Catalogue) -> tuple[FaqEntry, ...]:
        """Return the entries with prices filled in; a price of no product is a mistake."""
        prices = {product.id: product.price_text for product in catalogue.products}
        for number, entry in enumerate(faq.entries):
            for unknown in set(PRICE.findall(entry.answer)) - set(prices):
                self.mistakes.append(
                    self._documents["faq.yaml"].mistake(
                        ("entries", number, "answer"),
                        f"price of unknown product {unknown!r} (allowed: {', '.join(prices) or 'no product'})",
                    )
                )
        return tuple(
            entry.model_copy(update={"answer": PRICE.sub(lambda m: prices.get(m[1], m[0]), entry.answer)})
            for entry in faq.entries
        )

    def _refuse_doubles(self, document: Document, key: str, items: Iterable[Product | FaqEntry]) -> None:
        seen: set[str] = set()
        for number, item in enumerate(items):
            if item.id in seen:
                self.mistakes.append(
                    document.mistake((key, number, "id"), f"{item.id!r} is used twice; ids are unique")
                )
            seen.add(item.id)
