"""`slim-agent evolution`: the company's WhatsApp numbers and our webhook."""

import asyncio
import dataclasses
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from slim_agent.cli.exits import Exit
from slim_agent.gateways.breaker import Breaker
from slim_agent.gateways.evolution.client import EvolutionClient
from slim_agent.gateways.evolution.registration import Registrar, Registration, knock, wrong_url
from slim_agent.settings import Settings, load
from slim_agent.settings.model import DEVELOPMENT_SECRET
from slim_agent.vocabulary.failures import ConfigurationError

MARKS = {True: "✓", False: "✗"}
SIGNED = {"first": "signed by the first secret", "listed": "signed by an older secret; connect renews it"}

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for a script.")]

evolution = typer.Typer(
    name="evolution", help="Join Evolution API and slim-agent.", no_args_is_help=True, add_completion=False
)


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What was found at Evolution."""

    version: str
    instances: tuple[Registration, ...]
    warnings: tuple[str, ...] = ()


@evolution.command()
def connect(
    url: Annotated[
        str | None, typer.Option(help="Our webhook as Evolution reaches it; without it, the registered one.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Register our webhook at every instance of EVOLUTION_INSTANCE, and read it back.

    Example: slim-agent evolution connect --url https://agent.example.com/webhook/evolution
    """
    settings = _settings()
    wrong = url and wrong_url(url, production=settings.environment == "production")
    if wrong:
        raise typer.BadParameter(wrong, param_hint="--url")
    report = asyncio.run(_connect(settings, url))
    _show(report, as_json=as_json)
    if any(one.faults for one in report.instances):
        raise typer.Exit(Exit.FAILED)


@evolution.command()
def status(*, as_json: AsJson = False) -> None:
    """Show whether the numbers are connected and our webhook is registered as it should be; 1 when something is not.

    Example: slim-agent evolution status --json
    """
    report = asyncio.run(_status(_settings()))
    _show(report, as_json=as_json)
    if not all(one.ok for one in report.instances):
        raise typer.Exit(Exit.FAILED)


def _settings() -> Settings:
    settings = load(os.environ)
    if not settings.evolution_instance:
        raise ConfigurationError(["EVOLUTION_INSTANCE: empty; name the instance, several separated by commas"])
    return settings


async def _connect(settings: Settings, url: str | None) -> Report:
    async with _registrar(settings) as registrar:
        version = await registrar.version()
        addresses = {name: url or (await registrar.look(name)).url for name in settings.evolution_instance}
        nowhere = [name for name, address in addresses.items() if not address]
        if nowhere:
            raise typer.BadParameter(f"needed: no webhook is registered for {', '.join(nowhere)}", param_hint="--url")
        warnings = [await knock(address) for address in dict.fromkeys(addresses.values())]
        if settings.webhook_secret[0].get_secret_value() == DEVELOPMENT_SECRET:
            warnings.append("WEBHOOK_SECRET is the development secret, which everybody knows")
        for name, address in addresses.items():
            await registrar.register(name, address)
        found = [await registrar.look(name, address) for name, address in addresses.items()]
    return Report(version, tuple(found), tuple(warning for warning in warnings if warning))


async def _status(settings: Settings) -> Report:
    async with _registrar(settings) as registrar:
        version = await registrar.version()
        return Report(version, tuple([await registrar.look(name) for name in settings.evolution_instance]))


@asynccontextmanager
async def _registrar(settings: Settings) -> AsyncIterator[Registrar]:
    client = EvolutionClient(
        settings.evolution_url,
        settings.evolution_api_key.get_secret_value(),
        Breaker(settings.breaker_failures, settings.breaker_seconds, dependency="evolution"),
        timeout=settings.evolution_timeout_seconds,
    )
    try:
        yield Registrar(client, [secret.get_secret_value() for secret in settings.webhook_secret])
    finally:
        await client.close()


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        instances = [dataclasses.asdict(one) | {"ok": one.ok} for one in report.instances]
        found = {"version": report.version, "instances": instances, "warnings": report.warnings}
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    typer.echo(f"Evolution {report.version}")
    for one in report.instances:
        typer.echo(f"{MARKS[one.ok]} {one.instance}: {one.state}")
        if one.url:
            typer.echo(f"    {one.url} {SIGNED.get(one.signing, '')}".rstrip())
        for fault in one.faults:
            typer.echo(f"    {fault}")
    for warning in report.warnings:
        typer.echo(f"warning: {warning}", err=True)
