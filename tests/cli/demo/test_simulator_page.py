"""The page in a real browser. ``SCREENSHOT=docs/images/simulator.png pytest -k picture`` makes the README's picture."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.cli.demo.conftest import ANA, Company, until
from tests.peers.demo import Demo

from slim_agent.cli.demo.servers import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
SCREENSHOT = os.environ.get("SCREENSHOT")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"),
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        await running.close()


@pytest.fixture
async def page(browser: Browser, stand_in: str) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 900, "height": 760}, locale="pt-BR", color_scheme="light")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith(stand_in) else None)
    await page.goto(f"{stand_in}/simulator")
    await expect(page.locator("#company")).to_have_text("Slim Quality")
    yield page
    await context.close()
    assert complaints == []


async def type_message(page: Page, text: str) -> None:
    await page.get_by_label("Mensagem", exact=True).fill(text)
    await page.get_by_label("Mensagem", exact=True).press("Enter")


async def test_a_typed_message_is_answered_on_the_page(page: Page, company: Company) -> None:
    company.reply = lambda _: "Olá, Ana! O *Queen* custa R$ 4.890,00."
    await type_message(page, "Oi, quanto custa o queen?")
    await expect(page.locator(".mine .text")).to_have_text("Oi, quanto custa o queen?")
    await expect(page.locator(".theirs .text")).to_have_text("Olá, Ana! O Queen custa R$ 4.890,00.")
    await expect(page.locator(".theirs strong")).to_have_text("Queen")
    await expect(page.get_by_role("img", name="lida")).to_be_visible()
    await until(lambda: "READ" in [update["status"] for update in company.of("messages.update")])


async def test_text_is_never_read_as_markup(page: Page, company: Company) -> None:
    company.reply = lambda text: text
    wicked = "<img src=x onerror=alert(1)> <script>alert(2)</script>"
    await type_message(page, wicked)
    await expect(page.locator(".theirs .text")).to_have_text(wicked)
    assert await page.locator("#log img, #log script").count() == 0


async def test_typing_is_shown_while_it_lasts(page: Page, company: Company) -> None:
    shown = page.locator(".typing")
    body = {"number": ANA, "presence": "composing", "delay": 400}
    call = asyncio.create_task(company.call("/chat/sendPresence", body))
    await expect(shown).to_be_visible()
    await expect(page.locator("#presence")).to_have_text("digitando…")
    assert (await call).json() == {"presence": "composing"}
    await expect(shown).to_have_count(0)


async def test_other_customers_have_their_own_chats_and_badges(page: Page, company: Company) -> None:
    await company.call("/message/sendText", {"number": "5521977776666", "text": "Olá, Bruno"})
    bruno = page.get_by_role("button", name="Bruno Lima")
    await expect(bruno.locator(".badge")).to_have_text("1")
    await expect(page.locator(".theirs")).to_have_count(0)
    await bruno.click()
    await expect(page.locator(".theirs .text")).to_have_text("Olá, Bruno")
    await expect(bruno.locator(".badge")).to_be_empty()
    await page.get_by_role("button", name="Qual a garantia?").click()
    await until(lambda: company.of("messages.upsert"))
    assert company.of("messages.upsert")[0]["key"]["remoteJid"] == "5521977776666@s.whatsapp.net"


async def test_a_reload_finds_the_chat_and_the_chosen_colours(page: Page) -> None:
    await type_message(page, "lembra de mim?")
    await expect(page.locator(".mine")).to_have_count(1)
    await page.get_by_role("button", name="Trocar entre claro e escuro").click()
    await page.reload()
    await expect(page.locator(".mine .text")).to_have_text("lembra de mim?")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_a_phone_shows_everything_without_scrolling_sideways(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 640})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await expect(page.get_by_label("Enviar")).to_be_in_viewport()


@pytest.mark.skipif(SCREENSHOT is None, reason="makes a picture only when SCREENSHOT names its file")
async def test_the_picture_of_the_readme_shows_the_product_itself(browser: Browser, data: Path) -> None:
    demo = Demo(data, free_port())
    try:
        demo.wait_until_ready()
        page = await browser.new_page(viewport={"width": 900, "height": 760}, locale="pt-BR", color_scheme="light")
        await page.goto(f"{demo.address}/simulator")
        for question in ("Oi! Quanto custa o colchão queen?", "Qual a garantia?"):
            await page.get_by_role("button", name=question).click()
            await expect(page.locator("#log > .mine").last).to_contain_text(question)
            await expect(page.locator("#log > :last-child")).to_have_class("theirs", timeout=20_000)
        Path(str(SCREENSHOT)).parent.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=str(SCREENSHOT))
    finally:
        demo.end()
