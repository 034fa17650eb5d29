"""The page that looks like a customer's WhatsApp: its files, its state, its live events."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from slim_agent.cli.demo.phones import Phones

PAGE = Path(__file__).parent / "page"
ASSETS = {"simulator.css": "text/css", "simulator.js": "text/javascript", "icon.svg": "image/svg+xml"}
LONGEST_TEXT = 4096
HEARTBEAT_SECONDS = 15.0
QUESTIONS = (
    "Oi! Quanto custa o colchão queen?",
    "Qual a garantia?",
    "Vocês entregam em Belo Horizonte?",
    "Posso parcelar?",
    "Quero falar com uma pessoa",
)
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def simulator_routes(phones: Phones) -> list[Route]:
    """Return the routes of the page."""

    async def page(_: Request) -> Response:
        return FileResponse(PAGE / "simulator.html", media_type="text/html", headers=SECURITY)

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ASSETS:
            return Response(status_code=404)
        return FileResponse(PAGE / name, media_type=ASSETS[name], headers=SECURITY)

    async def state(_: Request) -> Response:
        customers = [{"jid": customer.jid, "name": customer.name} for customer in phones.chats.customers()]
        messages = [bubble.fields for bubble in phones.chats.messages()]
        content = {"instance": phones.instance, "customers": customers, "messages": messages, "questions": QUESTIONS}
        return JSONResponse(content, headers=SECURITY)

    async def write(request: Request) -> Response:
        asked = await _asked(request)
        text = asked.get("text", "").strip()
        if phones.chats.customer(asked.get("jid", "")) is None or not 0 < len(text) <= LONGEST_TEXT:
            return JSONResponse({"error": f"jid and a text of at most {LONGEST_TEXT} characters"}, 400)
        return JSONResponse(phones.write(asked["jid"], text).fields, 201)

    async def look(request: Request) -> Response:
        phones.look((await _asked(request)).get("jid", ""))
        return Response(status_code=204)

    async def events(_: Request) -> Response:
        return StreamingResponse(_stream(phones), media_type="text/event-stream", headers=SECURITY)

    return [
        Route("/simulator", page),
        Route("/simulator/assets/{name}", asset),
        Route("/simulator/state", state),
        Route("/simulator/events", events),
        Route("/simulator/messages", write, methods=["POST"]),
        Route("/simulator/looks", look, methods=["POST"]),
    ]


async def _asked(request: Request) -> dict[str, str]:
    # Another site's page cannot send this type without asking first, and nobody answers that question.
    if request.headers.get("content-type") != "application/json":
        return {}
    try:
        body = await request.json()
    except ValueError:
        return {}
    return {k: v for k, v in body.items() if isinstance(v, str)} if isinstance(body, dict) else {}


async def _stream(phones: Phones) -> AsyncIterator[str]:
    with phones.watch() as news:
        yield ": watching\n\n"
        while True:
            try:
                item = await asyncio.wait_for(news.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if item is None:
                return
            yield f"data: {json.dumps(item)}\n\n"
