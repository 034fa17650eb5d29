"""`slim-agent chat`: talk to the agent in the terminal, without WhatsApp and stores."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from slim_agent.cli.talk import PaidInMemory, Talk
from slim_agent.conversation.profile import default_profile_folder, load_profile
from slim_agent.settings import load
from slim_agent.vocabulary.clock import system_clock
from slim_agent.vocabulary.turn import HandOver, Reply


def chat(
    profile: Annotated[Path | None, typer.Option(help="Folder of the profile; BUSINESS_PROFILE otherwise.")] = None,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Without Claude, as during an outage.")] = False,
) -> None:
    """Talk to the agent here; nothing is stored or sent. With CLAUDE_API_KEY it is Claude who answers. Ctrl-D ends.

    Example: slim-agent chat --profile ./my-company --offline
    """
    settings = load(os.environ)
    company = load_profile(profile or settings.business_profile or default_profile_folder())
    offline = offline or not settings.claude_api_key.get_secret_value()
    name = company.company.agent.name
    mode = "só com o perfil, sem modelo" if offline else settings.claude_model
    typer.echo(f"{name}, de {company.company.name} ({mode}). Ctrl-D encerra.", err=True)
    # The graph and Claude's client take a second to load; mistakes are told before.
    from slim_agent.bootstrap import learn_to_talk  # noqa: PLC0415

    if offline:
        settings = settings.model_copy(update={"claude_api_key": SecretStr("")})
    # A run for each turn: inside one, Ctrl-C at the prompt would wait for the next line.
    with asyncio.Runner() as runner:
        closing = AsyncExitStack()
        respond = learn_to_talk(settings, closing, company, PaidInMemory())
        talk = Talk(respond, system_clock, remembered=settings.history_messages)
        try:
            for text in _lines():
                _show(name, runner.run(talk.say(text)))
        finally:
            runner.run(closing.aclose())


def _lines() -> Iterator[str]:
    """Yield what is typed, until Ctrl-D; a prompt is only for eyes."""
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            text = input("você: " if sys.stdin.isatty() else "")
            if text.strip():
                yield text


def _show(name: str, reply: Reply) -> None:
    for text in reply.texts:
        typer.echo(f"{name}: " + text.replace("\n", "\n    "))
    if problem := reply.detail.get("problem"):
        typer.echo(f"  [sem Claude: {problem}]")
    for effect in reply.effects:
        if isinstance(effect, HandOver):
            typer.echo(f"  [passa para uma pessoa: {effect.reason}. {effect.summary}]")
