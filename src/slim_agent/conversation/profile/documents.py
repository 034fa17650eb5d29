"""Reads YAML and Markdown of a profile, and knows on which line everything stands."""

import hashlib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

MAX_FILE_BYTES = 1_000_000

Place = tuple[str | int, ...]
PartType = TypeVar("PartType", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """YAML without anchors, which a few lines of could blow up to gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not allowed", mark)
        return super().compose_node(parent, index)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file: its data, and the line (from 1) of every place in it."""

    file: Path
    data: object
    lines: dict[Place, int]

    def mistake(self, place: Place, text: str) -> str:
        """Return a sentence with file, line, place and what is wrong."""
        known = next(place[:n] for n in range(len(place), -1, -1) if place[:n] in self.lines)
        where = ".".join(map(str, place))
        return f"{self.file}:{self.lines[known]}: {where + ': ' if where else ''}{text}"


def read_text(file: Path, mistakes: list[str], versions: dict[str, str]) -> str | None:
    """Return a file's text and note its content hash; None after noting a mistake."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            mistakes.append(f"{file}:1: larger than {MAX_FILE_BYTES} bytes")
            return None
        raw = file.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        mistakes.append(f"{file}: cannot be read: {error.strerror}")
        return None
    except UnicodeDecodeError as error:
        mistakes.append(f"{file}:{raw[: error.start].count(10) + 1}: is not UTF-8 text")
        return None
    versions[file.name] = hashlib.sha256(raw).hexdigest()[:12]
    return text


def read_document(file: Path, mistakes: list[str], versions: dict[str, str]) -> Document | None:
    """Return a YAML file; None after noting a mistake."""
    text = read_text(file, mistakes, versions)
    if text is None:
        return None
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: dict[Place, int] = {(): 1}
        doubles: list[tuple[Place, int]] = []
        if node is not None:
            _locate(node, (), lines, doubles)
        mistakes += [f"{file}:{line}: {'.'.join(map(str, place))}: stands twice" for place, line in doubles]
        return Document(file, {} if node is None else loader.construct_document(node), lines)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or f"cannot be read ({type(error).__name__})"
        mistakes.append(f"{file}:{mark.line + 1 if mark else 1}: is not YAML: {problem}")
        return None
    finally:
        if loader is not None:
            loader.dispose()


def _locate(node: yaml.Node, place: Place, lines: dict[Place, int], doubles: list[tuple[Place, int]]) -> None:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            lines[*place, number] = item.start_mark.line + 1
            _locate(item, (*place, number), lines, doubles)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                doubles.append((inner, line))
            lines[inner] = line
            _locate(value, inner, lines, doubles)


def validate(document: Document, part: type[PartType], mistakes: list[str]) -> PartType | None:
    """Return a document as a part of the profile; None after noting every mistake in it."""
    try:
        return part.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False, include_context=False):
            text = detail["msg"].removeprefix("Value error, ")
            if detail["type"] == "extra_forbidden":
                text = _unknown(part, detail["loc"])
            elif detail["type"] == "model_type":
                text = f"must have keys: {', '.join(_keys(part, detail['loc']))}"
            elif detail["type"].startswith("decimal"):
                text += ", such as 4890.00"
            mistakes.append(document.mistake(detail["loc"], text))
        return None


def _unknown(part: type[BaseModel], place: Place) -> str:
    allowed = _keys(part, place[:-1])
    near = get_close_matches(str(place[-1]), allowed, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"unknown key{hint} (allowed: {', '.join(allowed)})"


def _keys(part: type[BaseModel], place: Place) -> list[str]:
    for step in place:
        if isinstance(step, str) and step in part.model_fields:
            part = _part_in(part.model_fields[step].annotation) or part
    return list(part.model_fields)


def _part_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - an annotation is any object
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _part_in(inner))), None)
