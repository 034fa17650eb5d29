"""The simulated phones: customers and their messages, kept in one SQLite file."""

import sqlite3
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from slim_agent.cli.demo.payloads import Fields

RANKS = ("ERROR", "PENDING", "SERVER_ACK", "DELIVERY_ACK", "READ", "PLAYED")
COLUMNS = "id, jid, from_me, text, at, status"
SCHEMA = """
CREATE TABLE IF NOT EXISTS customers (jid TEXT PRIMARY KEY, name TEXT NOT NULL, alternative TEXT);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, jid TEXT NOT NULL, from_me INTEGER NOT NULL,
    text TEXT NOT NULL, at INTEGER NOT NULL, status TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS messages_of_chat ON messages (jid, number);
CREATE TABLE IF NOT EXISTS webhook (instance TEXT PRIMARY KEY, row TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody with a phone; `alternative` is the chat's other address (LID)."""

    jid: str
    name: str
    alternative: str | None = None


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message of a chat; `from_me` as the company sees it, `at` in Unix seconds, `status` as Evolution names it."""

    id: str
    jid: str
    from_me: bool
    text: str
    at: int
    status: str

    @property
    def fields(self) -> Fields:
        """As JSON."""
        return asdict(self)


FIRST_CUSTOMERS = (
    Customer("5511988887777@s.whatsapp.net", "Ana Souza", "184467000111222@lid"),
    Customer("5521977776666@s.whatsapp.net", "Bruno Lima"),
    Customer("205514000333444@lid", "Carla Dias"),
)


class Chats:
    """All chats of the simulated phones."""

    def __init__(self, path: Path) -> None:
        self._rows = sqlite3.connect(path, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.executescript(SCHEMA)
        for customer in FIRST_CUSTOMERS:
            self.meet(customer)

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    def meet(self, customer: Customer) -> None:
        """Add a customer who is not known yet."""
        values = (customer.jid, customer.name, customer.alternative)
        self._rows.execute("INSERT INTO customers VALUES (?, ?, ?) ON CONFLICT DO NOTHING", values)

    def customers(self) -> list[Customer]:
        """Return everybody, in the order in which they came."""
        return [
            Customer(*row) for row in self._rows.execute("SELECT jid, name, alternative FROM customers ORDER BY rowid")
        ]

    def customer(self, jid: str) -> Customer | None:
        """Return the customer with this address."""
        return next((customer for customer in self.customers() if customer.jid == jid), None)

    def add(self, bubble: Bubble) -> None:
        """Append a message."""
        query = f"INSERT INTO messages ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - only names
        self._rows.execute(query, astuple(bubble))

    def messages(self, jid: str | None = None) -> list[Bubble]:
        """Return the messages of one chat or of all, oldest first."""
        query = f"SELECT {COLUMNS} FROM messages WHERE ?1 IS NULL OR jid = ?1 ORDER BY number"  # noqa: S608 - only names
        return [_bubble(row) for row in self._rows.execute(query, (jid,))]

    def advance(self, id: str, status: str) -> Bubble | None:  # noqa: A002 - the word of the protocol
        """Raise a message's status; return the message when that changed it. Only what is under way can fail."""
        lower = RANKS[: RANKS.index(status)] if status != "ERROR" else ("PENDING",)
        marks = ", ".join("?" * len(lower))
        query = f"UPDATE messages SET status = ? WHERE id = ? AND status IN ({marks}) RETURNING {COLUMNS}"  # noqa: S608 - only names
        row = self._rows.execute(query, (status, id, *lower)).fetchone()
        return None if row is None else _bubble(row)

    def unread(self, jid: str) -> list[Bubble]:
        """Return the company's messages that the customer has not seen."""
        return [bubble for bubble in self.messages(jid) if bubble.from_me and bubble.status in RANKS[1:4]]

    def webhook(self, instance: str) -> str | None:
        """Return the webhook row of an instance as JSON."""
        row = self._rows.execute("SELECT row FROM webhook WHERE instance = ?", (instance,)).fetchone()
        return None if row is None else str(row[0])

    def set_webhook(self, instance: str, row: str) -> None:
        """Keep the webhook row of an instance."""
        self._rows.execute("INSERT OR REPLACE INTO webhook VALUES (?, ?)", (instance, row))


def _bubble(row: tuple[str, str, int, str, int, str]) -> Bubble:
    number, jid, from_me, text, at, status = row
    return Bubble(number, jid, bool(from_me), text, at, status)
