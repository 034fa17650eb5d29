"""Chooses a route without asking a model: by the examples of prompts/router.md nearest to what the customer wrote."""

from slim_agent.conversation.dialogue import unread_text
from slim_agent.conversation.profile import Profile
from slim_agent.conversation.profile.model import Route
from slim_agent.sicc.knowledge import Entry, KnowledgeIndex
from slim_agent.vocabulary.turn import Speaker, Turn

MIN_CONFIDENCE = 0.35
LINES_LOOKED_BACK = 4


class Router:
    """The examples as an index."""

    def __init__(self, profile: Profile) -> None:
        self._routes = [route for route, _ in profile.examples]
        entries = [Entry(str(number), phrase, "") for number, (_, phrase) in enumerate(profile.examples)]
        self._index = KnowledgeIndex(entries)

    def route(self, turn: Turn) -> Route:
        """Return the route of the unread text, else of what the customer wrote shortly before, else discovery."""
        past = [line.text for line in turn.history if line.speaker is Speaker.CUSTOMER][-LINES_LOOKED_BACK:]
        for text in (unread_text(turn), *reversed(past)):
            result = self._index.search(text, 1)
            if result.hits and result.confidence >= MIN_CONFIDENCE:
                return self._routes[int(result.hits[0].entry_id)]
        return "discovery"
