"""Asks whether Claude could answer, without spending a token or loading its client library."""

import ssl
from functools import cache

import httpx
from pydantic import SecretStr

from slim_agent.vocabulary.failures import Unavailable

DEPENDENCY = "claude"
API_VERSION = "2023-06-01"
REFUSED_KEY = "the API key was refused; check CLAUDE_API_KEY"


@cache
def _trust() -> ssl.SSLContext:
    # Reading the certificates takes 20 ms, in which the loop would answer nobody.
    return ssl.create_default_context()


async def probe(base_url: str, api_key: SecretStr, *, timeout: float) -> None:  # noqa: ASYNC109 - bounds each phase
    """Return when Claude takes our key: anything below 500 but 401 and 403 counts. `timeout` is in seconds.

    Raises:
        Unavailable: with the reason, never with the key.
    """
    headers = {"authorization": f"Bearer {api_key.get_secret_value()}", "anthropic-version": API_VERSION}
    try:
        async with httpx.AsyncClient(timeout=timeout, verify=_trust()) as client:
            answer = await client.get(f"{base_url.rstrip('/')}/v1/models", params={"limit": 1}, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(DEPENDENCY, f"no answer ({type(error).__name__})") from None
    if answer.status_code in {401, 403}:
        raise Unavailable(DEPENDENCY, REFUSED_KEY)
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Unavailable(DEPENDENCY, f"HTTP {answer.status_code}")
