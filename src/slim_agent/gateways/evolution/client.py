"""Evolution's REST API: one client, errors classified by what they say, not by their status."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

import httpx
import orjson

from slim_agent.gateways.breaker import Breaker
from slim_agent.vocabulary.failures import BreakerOpen, SendDelayed, SendRefused, SendUnknown, Unavailable

CONNECT_TIMEOUT_SECONDS = 5.0
MAX_CONNECTIONS = 50
ERROR_CHARS = 160
# What Evolution says before anything was written to WhatsApp's socket.
NOT_SENT = ("connection closed", "undefined (reading", "sessionerror", "license_required", "does not exist")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of Evolution, decoded as far as it is JSON."""

    status: int
    body: object

    @property
    def ok(self) -> bool:
        """Whether Evolution did what it was asked."""
        return httpx.codes.is_success(self.status)

    def complaint(self) -> str:
        """Return Evolution's own words, shortened; its `message` is a string, a list, a list of lists or objects."""
        body = self.body
        if isinstance(body, dict):
            response = body.get("response")
            inner = response.get("message") if isinstance(response, dict) else None
            body = inner or body.get("message") or body.get("error") or body
        text = body if isinstance(body, str) else orjson.dumps(body).decode()
        return text[:ERROR_CHARS]


class EvolutionClient:
    """Calls Evolution; failures of the whole service open the breaker, those of one instance or number do not."""

    def __init__(self, url: str, api_key: str, breaker: Breaker, *, timeout: float) -> None:
        self.breaker = breaker
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"apikey": api_key},
            timeout=httpx.Timeout(timeout, connect=CONNECT_TIMEOUT_SECONDS),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def call(
        self, method: str, route: str, instance: str | None = None, body: object = None, *, within: float | None = None
    ) -> Answer:
        """Call a route (``/message/sendText``) of an instance.

        Raises:
            httpx.HTTPError: there was no answer; whether Evolution acted depends on the kind.
        """
        # Instance names may hold spaces and slashes; Evolution decodes %20, not +.
        path = route if instance is None else f"{route}/{quote(instance, safe='')}"
        limit = httpx.USE_CLIENT_DEFAULT if within is None else within
        content = None if body is None else orjson.dumps(body)
        headers = None if body is None else {"Content-Type": "application/json"}
        response = await self._http.request(method, path, content=content, headers=headers, timeout=limit)
        try:
            decoded = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            decoded = response.text[:ERROR_CHARS]
        return Answer(response.status_code, decoded)

    async def ask(self, method: str, route: str, instance: str | None = None, body: object = None) -> object:
        """Call a route that changes nothing for customers, and return the body of a good answer.

        Raises:
            Unavailable: there was none.
        """
        answer = await self.inquire(method, route, instance, body)
        if not answer.ok:
            raise Unavailable("evolution", f"{answer.status} {answer.complaint()}")
        return answer.body

    async def inquire(self, method: str, route: str, instance: str | None = None, body: object = None) -> Answer:
        """Call a route that changes nothing for customers, and return whatever it answers.

        Raises:
            Unavailable: it did not answer.
        """
        try:
            return await self.call(method, route, instance, body)
        except httpx.HTTPError as error:
            raise Unavailable("evolution", type(error).__name__) from error

    async def send(self, route: str, instance: str, body: object) -> object:
        """Call a route that sends something to a customer.

        Raises:
            SendRefused: this can never be sent.
            SendDelayed: it was certainly not sent.
            SendUnknown: it may have been sent.
        """
        try:
            self.breaker.check()
        except BreakerOpen as error:
            raise SendDelayed(str(error)) from error
        try:
            answer = await self.call("POST", route, instance, body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self.breaker.failed()
            raise SendDelayed(f"cannot reach Evolution: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            self.breaker.failed()
            raise SendUnknown(f"no answer from Evolution: {type(error).__name__}") from error
        if answer.ok:
            self.breaker.succeeded()
            return answer.body
        raise self._failure(answer)

    def _failure(self, answer: Answer) -> SendRefused | SendDelayed | SendUnknown:
        words = f"{answer.status} {answer.complaint()}"
        said = orjson.dumps(answer.body).lower().decode()
        if '"exists":false' in said:
            self.breaker.succeeded()
            return SendRefused("the number has no WhatsApp")
        if any(sign in said for sign in NOT_SENT) or answer.status in (404, 429):
            # One number's trouble: each of its replies waits by itself, and the other numbers go on.
            return SendDelayed(words)
        if answer.status in (401, 403):
            self.breaker.failed()
            return SendDelayed(words)
        if answer.status == HTTPStatus.BAD_REQUEST and "timed out" not in said:
            self.breaker.succeeded()
            return SendRefused(words)
        self.breaker.failed()
        return SendUnknown(words)
