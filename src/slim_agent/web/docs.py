"""/docs: Swagger UI with every file served by us, under a policy that allows nothing else."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

SWAGGER_UI_VERSION = "5.35.0"
ASSETS = f"/docs/assets/{SWAGGER_UI_VERSION}"
FOLDER = Path(__file__).parent / "assets" / "swagger-ui"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>slim-agent</title>
<link rel="icon" type="image/png" href="{ASSETS}/favicon-32x32.png">
<link rel="stylesheet" href="{ASSETS}/swagger-ui.css">
<script src="{ASSETS}/swagger-ui-bundle.js"></script>
<script src="{ASSETS}/initializer.js"></script>
</head>
<body><div id="swagger-ui" data-openapi="/openapi.json"></div></body>
</html>
"""


class _CachedFiles(StaticFiles):
    """Files under an address that carries their version: a browser need not ask again for a day."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def add_docs(app: FastAPI) -> None:
    """Serve the page and its files."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})

    app.include_router(router)
    app.mount(ASSETS, _CachedFiles(directory=FOLDER))
