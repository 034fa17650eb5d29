"""Our webhook as Evolution has it: registered, read back, and judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

import httpx

from slim_agent.gateways.evolution.client import EvolutionClient
from slim_agent.settings.address import host_of, is_private_host
from slim_agent.vocabulary.failures import SlimAgentError

WEBHOOK_PATH = "/webhook/evolution"
MAX_URL_CHARS = 500
ANSWER_SECONDS = 20.0
KNOCK_SECONDS = 5.0
EVENTS = ("MESSAGES_UPSERT", "MESSAGES_UPDATE", "MESSAGES_DELETE", "SEND_MESSAGE", "CONNECTION_UPDATE")
BLOCKING_EVENT = "MESSAGES_EDITED"
"""Evolution waits for the answer to this one before it sends anything else."""

Signing = Literal["first", "listed", "foreign", "none"]


class RegistrationError(SlimAgentError):
    """Evolution did not do what it was asked, or must not be asked; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What Evolution holds of an instance.

    `state` is WhatsApp's: open, connecting, close, or "not loaded". `signing` says which of our secrets the webhook
    uses. `faults` is a sentence for everything about the webhook that is not as it should be.
    """

    instance: str
    state: str
    url: str
    signing: Signing
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether messages come in: the number is connected and the webhook right."""
        return self.state == "open" and not self.faults


class Registrar:
    """Registers our webhook and looks at what is registered. `secrets` are ours, the first one signs."""

    def __init__(self, client: EvolutionClient, secrets: Sequence[str]) -> None:
        self._client = client
        self._secrets = tuple(secrets)

    async def version(self) -> str:
        """Return Evolution's version.

        Raises:
            RegistrationError: nobody answers, or it is no Evolution API.
        """
        body = await self._ask("GET", "/")
        if not isinstance(body, dict) or not isinstance(body.get("version"), str):
            raise RegistrationError("EVOLUTION_URL leads to something that is not Evolution API")
        return str(body["version"])

    async def register(self, instance: str, url: str) -> None:
        """Let an instance send its events to `url`, signed by our first secret.

        Raises:
            RegistrationError: it cannot be done.
        """
        webhook = {
            "enabled": True,
            "url": url,
            "headers": {"jwt_key": self._secrets[0]},
            "byEvents": False,
            "base64": False,
            "events": EVENTS,
        }
        await self._ask("POST", "/webhook/set", instance, {"webhook": webhook})

    async def look(self, instance: str, url: str | None = None) -> Registration:
        """Return what Evolution holds of an instance; with `url`, another address is a fault.

        Raises:
            RegistrationError: it cannot be read.
        """
        connection = _fields(await self._ask("GET", "/instance/connectionState", instance))
        state = _fields(connection.get("instance")).get("state")
        row = _fields(await self._ask("GET", "/webhook/find", instance))
        signing = self._signing(_fields(row.get("headers")).get("jwt_key"))
        found = str(row.get("url") or "")
        faults = _faults(row, signing) if found else ["no webhook is registered"]
        if url is not None and found not in ("", url):
            faults.append(f"the webhook goes to {found}")
        return Registration(instance, str(state or "not loaded"), found, signing, tuple(faults))

    def _signing(self, key: object) -> Signing:
        if not key:
            return "none"
        if key not in self._secrets:
            return "foreign"
        return "first" if key == self._secrets[0] else "listed"

    async def _ask(self, method: str, route: str, instance: str | None = None, body: object = None) -> object:
        try:
            answer = await self._client.call(method, route, instance, body, within=ANSWER_SECONDS)
        except httpx.HTTPError as error:
            raise RegistrationError(f"Evolution does not answer at EVOLUTION_URL: {_reason(error)}") from error
        if answer.ok:
            return answer.body
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise RegistrationError(f"Evolution refuses EVOLUTION_API_KEY ({answer.status})")
        # Its words could quote what it was sent.
        complaint = answer.complaint().replace(self._secrets[0], "[secret]")
        if answer.status == HTTPStatus.NOT_FOUND and "does not exist" in complaint:
            raise RegistrationError(
                f'Evolution has no instance "{instance}": EVOLUTION_INSTANCE must be its name to the letter'
            )
        raise RegistrationError(f"Evolution answers {answer.status} to {route}: {complaint}")


async def knock(url: str) -> str | None:
    """Knock at our own address without a signature; None when slim-agent answers, else what is odd.

    Raises:
        RegistrationError: it redirects, and Evolution would lose every message on the way.
    """
    try:
        async with httpx.AsyncClient(timeout=KNOCK_SECONDS) as client:
            answer = await client.post(url, content=b"{}")
    except httpx.HTTPError as error:
        return f"{url} cannot be reached from here: {_reason(error)}"
    if answer.is_redirect:
        target = answer.headers.get("location", "elsewhere")
        raise RegistrationError(
            f"{url} redirects to {target}: Evolution would lose messages there; give the last address"
        )
    if answer.status_code != HTTPStatus.UNAUTHORIZED:
        return f"{url} answers {answer.status_code} to a request without signature, where slim-agent says 401"
    return None


def wrong_url(url: str, *, production: bool) -> str | None:
    """Return why an address cannot be our webhook's, None when it can."""
    try:
        host = host_of(url)
    except ValueError:
        return "is not a valid address"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not host or len(url) > MAX_URL_CHARS:
        return f"must look like https://host{WEBHOOK_PATH}, at most {MAX_URL_CHARS} characters"
    if not parts.path.endswith(WEBHOOK_PATH) or parts.query or parts.fragment:
        return f"must end in {WEBHOOK_PATH}, without a slash or anything else after it"
    if production and parts.scheme == "http" and not is_private_host(host):
        return "must be https outside private networks"
    return None


def _faults(row: Mapping[str, object], signing: Signing) -> list[str]:
    listed = row.get("events")
    events = [str(event) for event in listed] if isinstance(listed, list) else []
    checks = (
        (row.get("enabled") is not True, "the webhook is switched off"),
        (signing == "none", "the webhook is not signed: every message is refused"),
        (
            signing == "foreign",
            "the webhook is signed by a secret that is not in WEBHOOK_SECRET: every message is refused",
        ),
        (row.get("webhookByEvents") is True, "every event has an address of its own (byEvents)"),
        (row.get("webhookBase64") is True, "media travel inside the webhook (base64), which costs memory"),
        (BLOCKING_EVENT in events, f"{BLOCKING_EVENT} is subscribed: one slow answer would hold up every other event"),
    )
    missing = [f"{event} is not subscribed" for event in EVENTS if event not in events]
    return [sentence for wrong, sentence in checks if wrong] + missing


def _fields(body: object) -> Mapping[str, object]:
    return body if isinstance(body, dict) else {}


def _reason(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__
