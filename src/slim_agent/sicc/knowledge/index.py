"""The index of a company's FAQ: from a customer's words to the entries that may answer, without model or network."""

from collections.abc import Sequence

from slim_agent.sicc.knowledge.confidence import DEFAULT_THRESHOLD, confidence
from slim_agent.sicc.knowledge.entry import Entry, Hit, SearchResult
from slim_agent.sicc.knowledge.passages import Passages
from slim_agent.sicc.knowledge.tuning import DEFAULT, Tuning


class KnowledgeIndex:
    """An immutable index in memory; build a new one when the FAQ changes. Safe to share between threads."""

    def __init__(
        self, entries: Sequence[Entry], *, threshold: float = DEFAULT_THRESHOLD, tuning: Tuning = DEFAULT
    ) -> None:
        """Index `entries`, whose ids are unique; a text is answerable from the confidence `threshold` (0..1) on."""
        self._ids = tuple(entry.id for entry in entries)
        self._threshold = threshold
        self._passages = Passages(entries, tuning)

    def search(self, text: str, top_k: int = 5) -> SearchResult:
        """Return at most `top_k` hits for a customer's text, of which the first `MAX_TEXT` characters count.

        Never fails, whatever the text. Words shared with no entry at all give no hit and confidence 0.
        """
        matches, mass = self._passages.matches(text)
        trust = confidence(matches[0], mass) if matches and mass else 0.0
        hits = tuple(Hit(self._ids[match.entry], match.score) for match in matches[: max(top_k, 0)])
        return SearchResult(hits, trust, answerable=bool(hits) and trust >= self._threshold)
