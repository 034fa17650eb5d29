import pytest
from starlette.requests import Request
from tests.web.serving import Serve

from slim_agent.web.metrics import FORWARDED, _refuse_public, is_private

TOKEN = "a-token-of-prometheus"


async def test_figures_are_text_that_prometheus_reads(serve: Serve) -> None:
    client = await serve()
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'slim_agent_build_info{version="1.2.3"} 1.0' in response.text
    assert all(line.startswith(("#", "slim_agent_")) for line in response.text.splitlines())


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        TOKEN,
        "Bearer",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"bearer {TOKEN}",
        f"Basic {TOKEN}",
        "Bearer \u00e9",
    ],
)
async def test_without_the_right_token_there_is_401(serve: Serve, sent: str | None) -> None:
    client = await serve(metrics_token=TOKEN)
    headers = [] if sent is None else [(b"Authorization", sent.encode("latin-1"))]
    response = await client.get("/metrics", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "slim_agent" not in response.text


async def test_the_right_token_opens_also_through_a_proxy(serve: Serve) -> None:
    client = await serve(metrics_token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "203.0.113.9"}
    assert (await client.get("/metrics", headers=headers)).status_code == 200


@pytest.mark.parametrize("header", FORWARDED)
async def test_a_proxied_caller_is_public_whatever_address_the_proxy_has(serve: Serve, header: str) -> None:
    client = await serve()
    response = await client.get("/metrics", headers={header: "10.0.0.1"})
    assert response.status_code == 403
    assert "slim_agent" not in response.text


async def test_in_development_everybody_may_look(serve: Serve) -> None:
    client = await serve(environment="development")
    assert (await client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 200


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("172.20.0.4", True),
        ("192.168.0.9", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("fe80::1%eth0", True),
        ("8.8.8.8", False),
        ("::ffff:8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("172.32.0.1", False),
        ("proxy", False),
        ("", False),
    ],
)
def test_private_addresses_are_told_from_public_ones(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_a_public_caller_is_refused_and_a_unix_socket_is_not() -> None:
    scope = {"type": "http", "headers": [], "client": ("203.0.114.9", 40000)}
    with pytest.raises(Exception, match="private network"):
        _refuse_public(Request(scope))
    _refuse_public(Request(scope | {"client": None}))
