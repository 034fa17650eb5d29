"""The service from start to stop: connect, serve, and on a signal end in order."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial

import structlog
import uvicorn

from slim_agent import __version__
from slim_agent.bootstrap import Service, running
from slim_agent.settings import Settings
from slim_agent.turns.ending import end
from slim_agent.vocabulary.failures import Unavailable
from slim_agent.web.app import WebParts, create_app
from slim_agent.web.liveness import Liveness
from slim_agent.web.simulator import simulator
from slim_agent.web.webhooks import Webhooks

CLOSE_CONNECTIONS_SECONDS = 2
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048

log = structlog.get_logger()


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        Unavailable: a dependency did not answer at the start.
        ConfigurationError: the business profile is wrong.
    """
    try:
        import uvloop  # noqa: PLC0415 - not there on every platform

        new_loop = uvloop.new_event_loop
    except ImportError:
        new_loop = None
    # A signal during the start cancels it: there is nothing to finish yet.
    with asyncio.Runner(loop_factory=new_loop) as runner, contextlib.suppress(asyncio.CancelledError):
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    starting = asyncio.current_task()
    if starting is not None:
        _on_signal(starting.cancel)
    async with running(settings) as service:
        stop = asyncio.Event()
        _on_signal(stop.set)
        liveness = Liveness(service.ready)
        server = _Server(_config(service, liveness))
        listener = _listener(settings)
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(run()) for run in (*service.background, liveness.run)]
            serving = tasks.create_task(server.serve([listener]))
            log.info("serving", version=__version__, role=settings.slim_agent_role, port=settings.port)
            await stop.wait()
            log.info("stopping")
            await end(background)
            server.should_exit = True
            await serving
    log.info("stopped")


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        problem = f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; choose another with PORT"
        raise Unavailable("the network", problem) from error


def _on_signal(act: Callable[[], object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, act)


def _config(service: Service, liveness: Liveness) -> uvicorn.Config:
    settings = service.settings
    webhooks = partial(
        Webhooks,
        verifier=service.verifier,
        intake=service.intake,
        max_bytes=settings.webhook_max_bytes,
        instances=settings.evolution_instance,
    )
    app = create_app(
        WebParts(
            version=__version__,
            environment=settings.environment,
            prober=service.prober,
            liveness=liveness,
            metrics_token=settings.metrics_token.get_secret_value(),
            mounts=[simulator(settings.simulator_url)] if settings.simulator_url else [],
            shortcuts=[webhooks] if settings.slim_agent_role != "worker" else [],
        )
    )
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=CLOSE_CONNECTIONS_SECONDS,
    )


class _Server(uvicorn.Server):
    """Uvicorn would take our signals, and raise them again after its own shutdown: then nothing of ours is closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
