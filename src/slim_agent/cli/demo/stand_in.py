"""The stand-in for Evolution API: its REST surface as far as slim-agent uses it, and the page ``/simulator``.

Runs by itself as ``python -m slim_agent.cli.demo.stand_in`` with HOST, PORT, STAND_IN_FOLDER, EVOLUTION_INSTANCE and
EVOLUTION_API_KEY in the environment.
"""

import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from slim_agent.cli.demo import payloads
from slim_agent.cli.demo.chats import Chats
from slim_agent.cli.demo.courier import Courier
from slim_agent.cli.demo.payloads import error
from slim_agent.cli.demo.phones import Phones
from slim_agent.cli.demo.rest import ROUTES, Act, Refused
from slim_agent.cli.demo.simulator import simulator_routes

FIRST_DELAY_SECONDS = 1.0
CLOSE_SECONDS = 1


def application(folder: Path, instance: str, api_key: str, *, first_delay: float = FIRST_DELAY_SECONDS) -> Starlette:
    """Return the stand-in; chats are kept in `folder`, undelivered events come again after `first_delay` seconds."""
    phones = Phones(Chats(folder / "phones.sqlite"), Courier(first_delay=first_delay), instance)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        phones.resume()
        yield
        await phones.close()
        phones.chats.close()

    async def greet(_: Request) -> Response:
        welcome = "Welcome to the Evolution API, it is working!"
        return JSONResponse({"status": 200, "message": welcome, "version": "2.3.7", "clientName": "simulator"})

    def route(path: str, method: str, act: Act) -> Route:
        async def answer(request: Request) -> Response:
            # Evolution looks for the instance before it looks at the key.
            name = request.path_params["instance"]
            if name != instance:
                return JSONResponse(payloads.no_instance(name), 404)
            if not hmac.compare_digest(request.headers.get("apikey", "").encode(), api_key.encode()):
                return JSONResponse(error(401, "Unauthorized", "Unauthorized"), 401)
            try:
                body = await request.json() if method == "POST" else {}
                status, content = await act(phones, body if isinstance(body, dict) else {})
            except Refused as refusal:
                return JSONResponse(refusal.body, refusal.status)
            except ValueError:
                return JSONResponse(error(400, "Bad Request", "Unexpected end of JSON input"), 400)
            return JSONResponse(content, status)

        return Route(path + "/{instance:path}", answer, methods=[method])

    async def lost(request: Request, _: Exception) -> Response:
        return JSONResponse(error(404, "Not Found", [f"Cannot {request.method} {request.url.path}"]), 404)

    routes = [Route("/", greet), *simulator_routes(phones), *(route(path, *rest) for path, rest in ROUTES.items())]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: lost, HTTPException: lost})


def main() -> None:
    """Serve until a signal comes."""
    environ = os.environ
    app = application(Path(environ["STAND_IN_FOLDER"]), environ["EVOLUTION_INSTANCE"], environ["EVOLUTION_API_KEY"])
    uvicorn.run(
        app,
        host=environ.get("HOST", "127.0.0.1"),
        port=int(environ.get("PORT", "8080")),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )


if __name__ == "__main__":
    main()
