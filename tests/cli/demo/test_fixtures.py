import psycopg
import pytest
import redis


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_has_a_fresh_migrated_database(database_url: str, attempt: int) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT to_regclass('slim_agent.inbox'), to_regclass('public.mark')").fetchone()
        assert row == ("slim_agent.inbox", None), f"in attempt {attempt}"
        connection.execute("CREATE TABLE public.mark ()")


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_has_an_empty_redis(redis_url: str, attempt: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("mark", attempt)
