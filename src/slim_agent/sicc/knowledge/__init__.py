"""What the company knows: its FAQ, searched offline in Portuguese as customers write it."""

from slim_agent.sicc.knowledge.entry import Entry, Hit, SearchResult
from slim_agent.sicc.knowledge.index import KnowledgeIndex
from slim_agent.sicc.knowledge.lines import AnswerLine, BadLineError, answer_lines

__all__ = ["AnswerLine", "BadLineError", "Entry", "Hit", "KnowledgeIndex", "SearchResult", "answer_lines"]
