import re
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright
from tests.web.serving import Serve

from slim_agent.web.docs import ASSETS, FOLDER, SWAGGER_UI_VERSION

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


async def test_the_page_names_only_files_that_we_serve(serve: Serve) -> None:
    client = await serve()
    page = await client.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith(ASSETS)
        file = await client.get(address)
        assert file.status_code == 200
        assert file.headers["cache-control"] == "public, max-age=86400"
        assert (await client.get(address, headers={"If-None-Match": file.headers["etag"]})).status_code == 304


async def test_the_policy_of_the_page_allows_no_inline_script_and_no_other_host(serve: Serve) -> None:
    client = await serve()
    page = await client.get("/docs")
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page.text)


def test_the_vendored_files_carry_their_version_and_their_licence() -> None:
    assert SWAGGER_UI_VERSION in (FOLDER / "swagger-ui-bundle.js").read_text()
    assert "Apache License" in (FOLDER / "LICENSE").read_text()
    assert "SmartBear" in (FOLDER / "NOTICE").read_text()


@pytest.mark.parametrize(
    "path", ["/redoc", f"{ASSETS}/../docs.py", f"{ASSETS}/%2e%2e/%2e%2e/docs.py", ASSETS, f"{ASSETS}/"]
)
async def test_nothing_else_is_served(serve: Serve, path: str) -> None:
    client = await serve()
    assert (await client.get(path)).status_code in {307, 404}


async def test_the_webhooks_are_described_although_they_bypass_the_framework(serve: Serve) -> None:
    client = await serve()
    document = (await client.get("/openapi.json")).json()
    for path in ("/webhook/evolution", "/webhook/events"):
        operation = document["paths"][path]["post"]
        assert set(operation["responses"]) == {"200", "401", "413", "503"}
        for answer in operation["responses"].values():
            reference = answer["content"]["application/json"]["schema"]["$ref"]
            assert reference == "#/components/schemas/WebhookResponse"
        assert operation["requestBody"]["content"]["application/json"]["schema"]["type"] == "object"
    fields = document["paths"]["/webhook/events"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(fields["properties"]) == {"event", "timestamp", "data", "signature"}
    assert set(document["components"]["schemas"]["WebhookResponse"]["properties"]) == {
        "status",
        "message",
        "processed_at",
    }
    assert document["paths"]["/health"]["get"]["responses"].keys() == {"200", "503"}


async def test_describing_a_webhook_does_not_serve_it(serve: Serve) -> None:
    client = await serve()
    assert (await client.post("/webhook/evolution")).status_code == 404


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield await browser.new_page()
        await browser.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_a_browser_shows_the_page_without_leaving_us_or_breaking_the_policy(serve: Serve, page: Page) -> None:
    client = await serve()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{client.base_url}/docs")
    await page.locator("#operations-webhooks-events_webhook_events_post button").first.click()
    await page.get_by_role("button", name="Try it out").wait_for()
    assert complaints == []
    assert all(address.startswith((str(client.base_url), "data:")) for address in asked)
