"""Addresses of dependencies: well-formed, and encrypted wherever strangers could listen."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import parse_qs, urlsplit

SCHEMES = {
    "DATABASE_URL": ("postgresql", "postgres"),
    "REDIS_URL": ("redis", "rediss", "unix"),
    "SUPABASE_URL": ("https", "http"),
    "CLAUDE_BASE_URL": ("https", "http"),
    "EVOLUTION_URL": ("https", "http"),
    "SIMULATOR_URL": ("https", "http"),
}
# Narrower than Python's is_private, which counts addresses of documentation and of the future.
PRIVATE = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
)
ENCRYPTED = ("https", "rediss", "unix")
STRONG_MODES = ("require", "verify-ca", "verify-full")
CURES = {"DATABASE_URL": "sslmode=require", "REDIS_URL": "rediss://"}


def wrong_addresses(given: Mapping[str, str], *, production: bool) -> Iterator[tuple[str, str]]:
    """Yield (variable, sentence) for each address that is malformed or, in production, not encrypted."""
    for name, schemes in SCHEMES.items():
        if name not in given:
            continue
        try:
            host = host_of(given[name])
            scheme = urlsplit(given[name]).scheme
        except ValueError:
            yield name, "is not a valid address; special characters of a password must be percent-encoded"
            continue
        if scheme not in schemes or not host or " " in host:
            yield name, f"must look like {schemes[0]}://host"
        elif production and not is_private_host(host) and not _is_encrypted(name, given[name]):
            yield name, f"must be encrypted outside private networks ({CURES.get(name, 'https://')})"


def host_of(address: str) -> str:
    """Return the host that an address leads to, or the path of its socket; empty when it has none.

    Raises:
        ValueError: it is no address.
    """
    url = urlsplit(address)
    host, _ = url.hostname, url.port
    named = parse_qs(url.query).get("host", [""])[-1]
    return named or host or (url.path if url.scheme == "unix" else "")


def is_private_host(host: str) -> bool:
    """Whether a host is a socket, loopback, a private address or a single-label name, as container networks use."""
    try:
        address = ip_address(host)
    except ValueError:
        return host.startswith("/") or "." not in host or host.endswith((".localhost", ".local", ".internal"))
    return address.is_loopback or any(address in network for network in PRIVATE)


def demand_encryption(database_url: str, default_mode: str) -> str:
    """Return the address of a database, which without an sslmode gets `require` unless its host is private.

    `default_mode` is what the driver would take instead (PGSSLMODE): a stronger one stays.
    """
    if is_private_host(host_of(database_url)) or _modes(database_url) or default_mode in STRONG_MODES:
        return database_url
    return f"{database_url}{'&' if urlsplit(database_url).query else '?'}sslmode=require"


def _is_encrypted(name: str, address: str) -> bool:
    if name == "DATABASE_URL":
        return all(mode in STRONG_MODES for mode in _modes(address))
    return urlsplit(address).scheme in ENCRYPTED


def _modes(database_url: str) -> list[str]:
    return parse_qs(urlsplit(database_url).query).get("sslmode", [])
