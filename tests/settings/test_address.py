"""Production speaks to strangers' networks only behind encryption."""

import pytest
from tests.settings.environments import production

from slim_agent.settings import load
from slim_agent.vocabulary.failures import ConfigurationError

PUBLIC_WITHOUT_ENCRYPTION = [
    ("DATABASE_URL", "postgresql://db.example.com/shop?sslmode=disable"),
    ("DATABASE_URL", "postgresql://db.example.com/shop?sslmode=allow"),
    ("DATABASE_URL", "postgresql://db.example.com/shop?sslmode=prefer"),
    ("DATABASE_URL", "postgresql://db.example.com/shop?sslmode=require&sslmode=disable"),
    ("DATABASE_URL", "postgresql:///shop?host=db.example.com&sslmode=disable"),
    ("DATABASE_URL", "postgresql://127.0.0.1/shop?host=db.example.com&sslmode=disable"),
    ("REDIS_URL", "redis://redis.example.com:6379/0"),
    ("EVOLUTION_URL", "http://evolution.example.com"),
    ("EVOLUTION_URL", "http://203.0.113.7.example.com:8080"),
    ("SUPABASE_URL", "http://8.8.8.8"),
    ("EVOLUTION_URL", "http://203.0.113.7:8080"),
    ("EVOLUTION_URL", "http://172.32.0.1:8080"),
    ("CLAUDE_BASE_URL", "http://[2606:4700::1111]:8080"),
]
FINE = [
    ("DATABASE_URL", "postgresql://db.example.com/shop?sslmode=verify-full"),
    ("DATABASE_URL", "postgresql://postgres@postgres:5432/shop?sslmode=disable"),
    ("DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/shop"),
    ("DATABASE_URL", "postgresql://postgres@/shop?host=/run/postgresql"),
    ("DATABASE_URL", "postgres://u:p%40ss%2Fword@10.1.2.3/shop?sslmode=prefer"),
    ("REDIS_URL", "redis://redis:6379/0"),
    ("REDIS_URL", "redis://192.168.7.7"),
    ("REDIS_URL", "unix:///run/redis.sock"),
    ("EVOLUTION_URL", "http://evolution_api:8080"),
    ("EVOLUTION_URL", "http://[::1]:8080"),
    ("EVOLUTION_URL", "http://[fd00::7]:8080"),
    ("EVOLUTION_URL", "http://172.31.255.1:8080"),
    ("EVOLUTION_URL", "https://evolution.example.com/base/"),
]
MALFORMED = [
    ("DATABASE_URL", "postgresql://user:pass[word@db.example.com/shop"),
    ("DATABASE_URL", "postgresql://user@db.example.com:port/shop"),
    ("DATABASE_URL", "postgresql:///shop"),
    ("REDIS_URL", "http://redis:6379"),
    ("REDIS_URL", "redis:6379"),
    ("EVOLUTION_URL", "evolution.example.com"),
    ("EVOLUTION_URL", "https://"),
    ("EVOLUTION_URL", "https://my evolution"),
]


@pytest.mark.parametrize(("name", "address"), PUBLIC_WITHOUT_ENCRYPTION)
def test_a_public_address_without_encryption_is_refused_in_production_only(name: str, address: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name}: must be encrypted") as refused:
        load(production(**{name: address}))
    assert len(refused.value.problems) == 1
    load({name: address})


@pytest.mark.parametrize(("name", "address"), FINE)
def test_encrypted_and_private_addresses_are_fine(name: str, address: str) -> None:
    load(production(**{name: address}))


@pytest.mark.parametrize(("name", "address"), MALFORMED)
def test_a_malformed_address_is_refused_everywhere(name: str, address: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name}: (must look like|is not a valid)"):
        load({name: address})


@pytest.mark.parametrize(
    ("address", "default", "used"),
    [
        ("postgresql://db.example.com/shop", "", "postgresql://db.example.com/shop?sslmode=require"),
        ("postgresql://db.example.com/shop", "disable", "postgresql://db.example.com/shop?sslmode=require"),
        ("postgresql://db.example.com/shop", "verify-full", "postgresql://db.example.com/shop"),
        ("postgresql://db.example.com/shop?a=b", "", "postgresql://db.example.com/shop?a=b&sslmode=require"),
        ("postgresql://postgres/shop", "", "postgresql://postgres/shop"),
    ],
)
def test_in_production_a_public_database_without_a_mode_is_reached_by_tls(
    address: str, default: str, used: str
) -> None:
    settings = load(production(DATABASE_URL=address, PGSSLMODE=default))
    assert settings.database_url.get_secret_value() == used
    assert load({"DATABASE_URL": address}).database_url.get_secret_value() == address
