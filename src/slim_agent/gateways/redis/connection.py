"""One Redis client a process."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError

from slim_agent.vocabulary.failures import Unavailable

CONNECT_TIMEOUT_SECONDS = 3.0


def connect(url: str) -> Redis:
    """Return a client that connects when first used; it gives up soon, because losing a ring costs only seconds."""
    client: Redis = Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_keepalive=True,
        retry=Retry(ConstantBackoff(0.05), 1),
    )
    return client


async def ping(client: Redis) -> None:
    """Ask Redis for an answer.

    Raises:
        Unavailable: there is none, or it cannot write.
    """
    try:
        await client.set("slim_agent:probe", "1", ex=60)
    except (RedisError, OSError) as error:
        raise Unavailable("redis", type(error).__name__) from error
