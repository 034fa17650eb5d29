"""In development /simulator leads to the stand-in's chat page."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse

from slim_agent.web.app import Mount


def simulator(address: str) -> Mount:
    """Return what adds a redirect to the simulator's address."""

    async def redirect(_request: Request) -> RedirectResponse:
        return RedirectResponse(address)

    def mount(app: FastAPI) -> None:
        app.add_route("/simulator", redirect, include_in_schema=False)

    return mount
