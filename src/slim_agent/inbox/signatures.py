"""Who sent it: the forms of signature that a webhook may carry, over the raw bytes."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

import jwt
import rfc8785

from slim_agent.inbox.scalars import moment, number
from slim_agent.vocabulary.failures import ConfigurationError

MAX_CLOCK_SKEW = 5 * 60
"""Seconds that a signed timestamp may be off."""
MAX_TOKEN_EXPIRY = 60 * 60
"""Seconds for which an expired token still counts: Evolution re-uses one for 20 minutes of retries."""
MAX_HEADER_CHARS = 4096

_HS256 = jwt.PyJWS(algorithms=["HS256"])
_HUB, _STANDARD, _JWT, _PAYLOAD = "hub", "standard", "jwt", "payload"
LARGEST_EXACT_INTEGER = 2**53 - 1


class Verifier:
    """Checks signatures against every listed secret, so that a secret can be rotated without a gap."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Take the accepted secrets; raises ConfigurationError when there is none or one is empty."""
        if not secrets or not all(secret.strip() for secret in secrets):
            raise ConfigurationError(["WEBHOOK_SECRET must hold at least one secret, and no empty one"])
        self._keys = tuple(secret.encode() for secret in secrets)
        self._standard_keys = tuple(map(_standard_key, secrets))

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
        """Return the form that verified (``hub``, ``standard`` or ``jwt``), or None.

        `headers` have lower-case names, `body` is as received, `now` is in epoch seconds. Never raises.
        """
        if self._hub(headers.get("x-webhook-signature", ""), body):
            return _HUB
        if self._standard(headers, body, now):
            return _STANDARD
        return _JWT if self._token(headers.get("authorization", ""), now) else None

    def verify_event(self, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
        """Return the form that verified a `WebhookPayload`, or None; a timestamp over 5 minutes off is refused.

        Besides the header forms, its own `signature` counts (``payload``). A body that is no object can only be
        authentic by its headers; it is then the reader's to quarantine.
        """
        payload = _json_object(body)
        form = self.verify(headers, body, now)
        if payload is None:
            return form
        written_at = moment(payload.get("timestamp"))
        if written_at is None or abs(written_at.timestamp() - now) > MAX_CLOCK_SKEW:
            return None
        return form or (_PAYLOAD if self._payload(payload) else None)

    def _hub(self, header: str, body: bytes) -> bool:
        scheme, _, digest = header.strip().partition("=")
        return scheme == "sha256" and self._hex(digest, body)

    def _hex(self, digest: str, signed: bytes) -> bool:
        given = _bytes(digest.lower())
        # A list, not a generator: all secrets are tried, whichever matches.
        return True in [hmac.compare_digest(given, _digest(key, signed).hex().encode()) for key in self._keys]

    def _standard(self, headers: Mapping[str, str], body: bytes, now: float) -> bool:
        identifier, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        listed = headers.get("webhook-signature", "")
        if not identifier or not (stamp.isascii() and stamp.isdigit()) or len(listed) > MAX_HEADER_CHARS:
            return False
        if len(stamp) > len(str(2**63)) or abs(int(stamp) - now) > MAX_CLOCK_SKEW:
            return False
        signed = b"%s.%s.%s" % (_bytes(identifier), stamp.encode(), body)
        given = [_bytes(one[3:]) for one in listed.split(" ") if one.startswith("v1,")]
        expected = [base64.b64encode(_digest(key, signed)) for key in self._standard_keys]
        return True in [hmac.compare_digest(one, other) for one in given for other in expected]

    def _token(self, header: str, now: float) -> bool:
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > MAX_HEADER_CHARS:
            return False
        return True in [_claims_hold(token, key, now) for key in self._keys]

    def _payload(self, payload: Mapping[str, Any]) -> bool:
        signature = payload.get("signature")
        if not isinstance(signature, str):
            return False
        try:
            signed = {name: _doubles(payload[name]) for name in ("event", "timestamp", "data")}
            canonical = rfc8785.dumps(signed)
        except (KeyError, ValueError, OverflowError, RecursionError):
            return False
        return self._hex(signature, canonical)


def _doubles(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON with every number that RFC 8785 writes as a double; the library refuses the large ones otherwise."""
    if isinstance(value, dict):
        return {name: _doubles(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_doubles(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_EXACT_INTEGER:
        return float(value)
    return value


def _standard_key(secret: str) -> bytes:
    encoded = secret.removeprefix("whsec_")
    if encoded == secret:
        return secret.encode()
    try:
        return base64.b64decode(encoded, validate=True) or secret.encode()
    except (binascii.Error, ValueError):
        return secret.encode()


def _digest(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, "sha256")


def _bytes(header: str) -> bytes:
    return header.encode("latin-1", "replace")


def _claims_hold(token: str, key: bytes, now: float) -> bool:
    try:
        # Only the signature: PyJWT judges claims by a clock of its own, we by the one we were given.
        claims = json.loads(_HS256.decode(token, key, algorithms=["HS256"]))
        exact = _is_exact(token.rpartition(".")[2])
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError):
        return False
    if not exact or not isinstance(claims, dict):
        return False
    if claims.get("app") != "evolution" or claims.get("action") != "webhook":
        return False
    issued, expiry = number(claims.get("iat")), number(claims.get("exp"))
    return issued is not None and expiry is not None and expiry >= now - MAX_TOKEN_EXPIRY


def _is_exact(encoded: str) -> bool:
    """Tell whether base64 text is the only one for its bytes: decoders skip odd characters and spare bits."""
    return jwt.utils.base64url_encode(jwt.utils.base64url_decode(encoded)) == encoded.encode()


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
