"""`knowledge search` and `inbox classify`: one JSON object in, one out, line by line."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import slim_agent
from tests.inbox.payloads import ANA, golden

FAQ = """\
entries:
  - id: frete
    question: Vocês entregam na minha cidade?
    answer: Entregamos em todo o Brasil, com frete grátis.
    variants: ["Quanto é o frete?"]
  - id: troca
    question: Posso trocar o produto?
    answer: Sim, em até 30 dias.
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile of the two needed files alone."""
    (tmp_path / "profile.yaml").write_text("name: Loja da Ana\n", encoding="utf-8")
    (tmp_path / "faq.yaml").write_text(FAQ, encoding="utf-8")
    return tmp_path


def line(name: str) -> bytes:
    """Return a golden payload as one line."""
    return json.dumps(json.loads(golden(name))).encode()


def records(text: str) -> list[Any]:
    """Return the JSON value of each line."""
    return [json.loads(one) for one in text.splitlines()]


def search(profile: Path, typed: str | bytes, *options: str) -> subprocess.CompletedProcess[str]:
    """Search the profile for what is typed."""
    return slim_agent("knowledge", "search", "--profile", str(profile), "--input", "-", *options, typed=typed)


def test_questions_are_answered_in_their_order(profile: Path) -> None:
    asked = [
        {"id": "a", "text": "qnto é o frete?"},
        {"id": 2, "text": "dá pra trocar o produto?"},
        {"id": "c", "text": ""},
    ]
    ended = search(profile, "\n".join(json.dumps(question) for question in asked))
    assert (ended.returncode, ended.stderr) == (0, "")
    first, second, third = records(ended.stdout)
    assert set(first) == {"id", "results", "confidence", "answerable"}
    assert [first["id"], second["id"], third["id"]] == ["a", 2, "c"]
    assert first["results"][0]["entry_id"] == "frete"
    assert 0 < first["results"][0]["score"] <= 1
    assert first["answerable"] is True
    assert second["results"][0]["entry_id"] == "troca"
    assert third == {"id": "c", "results": [], "confidence": 0, "answerable": False}


def test_top_k_bounds_the_results(profile: Path) -> None:
    question = '{"id": 1, "text": "frete trocar produto cidade"}'
    assert len(records(search(profile, question).stdout)[0]["results"]) == 2
    assert len(records(search(profile, question, "--top-k", "1").stdout)[0]["results"]) == 1


def test_without_a_folder_the_built_in_profile_is_searched(tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"id": 1, "text": "qual é a garantia do colchão?"}\n', encoding="utf-8")
    ended = slim_agent("knowledge", "search", "--input", str(questions))
    assert ended.returncode == 0
    assert records(ended.stdout)[0]["answerable"] is True


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(profile: Path) -> None:
    ended = search(profile, b'\xef\xbb\xbf{"id": 1, "text": "frete"}\r\n\r\n{"id": 2, "text": "trocar"}\r\n')
    assert [record["id"] for record in records(ended.stdout)] == [1, 2]


def test_separators_inside_a_text_end_no_line(profile: Path) -> None:
    ended = search(profile, '{"id": 1, "text": "frete\u2028grátis\x85já"}\n')
    assert [record["id"] for record in records(ended.stdout)] == [1]


@pytest.mark.parametrize(
    "bad",
    [
        b"no json",
        b'{"id": 1}',
        b'{"id": 1, "text": 7}',
        b"[]",
        b'{"id": 1, "text": "\xff"}',
        b'{"id": 1, "text": "\\ud800"}',
    ],
)
def test_a_bad_line_is_named_after_the_good_ones_before_it(profile: Path, bad: bytes) -> None:
    ended = search(profile, b'{"id": "good", "text": "frete"}\n\n' + bad + b'\n{"id": "never", "text": "frete"}\n')
    assert ended.returncode == 1
    assert [record["id"] for record in records(ended.stdout)] == ["good"]
    assert ended.stderr.startswith("line 3: ")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [["knowledge", "search"], ["inbox", "classify"]], ids=" ".join)
def test_an_unreadable_file_is_told(command: list[str], tmp_path: Path) -> None:
    absent = slim_agent(*command, "--input", str(tmp_path / "none.jsonl"))
    assert absent.returncode == 1
    assert "none.jsonl cannot be read: No such file" in absent.stderr
    folder = slim_agent(*command, "--input", str(tmp_path))
    assert folder.returncode == 1
    assert "cannot be read: Is a directory" in folder.stderr


def test_a_wrong_profile_is_told_with_file_and_line(profile: Path) -> None:
    (profile / "faq.yaml").write_text("entries:\n  - id: a\n    question: b\n", encoding="utf-8")
    ended = search(profile, '{"id": 1, "text": "frete"}')
    assert ended.returncode == 78
    assert ended.stdout == ""
    assert "faq.yaml:2: " in ended.stderr


def test_thousands_of_questions_take_less_than_a_minute(profile: Path) -> None:
    questions = "".join(
        f'{{"id": {number}, "text": "quanto fica o frete para a cidade {number}?"}}\n' for number in range(3000)
    )
    began = time.perf_counter()
    ended = search(profile, questions)
    assert time.perf_counter() - began < 60
    assert len(ended.stdout.splitlines()) == 3000


def test_payloads_are_classified_as_the_contract_says(tmp_path: Path) -> None:
    names = [
        "messages.upsert.text",
        "messages.update.delivery_ack",
        "messages.upsert.group_text",
        "messages.upsert.image_caption",
    ]
    captured = tmp_path / "captured.jsonl"
    captured.write_bytes(b"\n".join([*map(line, names), b"", b"no json", b""]))
    ended = slim_agent("inbox", "classify", "--input", str(captured))
    assert (ended.returncode, ended.stderr) == (0, "")
    text, update, group, image, garbage = records(ended.stdout)
    assert text == {
        "disposition": "turn",
        "reason": "",
        "chat": ANA,
        "text": "Oi, quanto custa o colchão queen?",
        "kind": "text",
        "from_me": False,
    }
    assert update["disposition"] == "update"
    assert group["disposition"] == "ignored"
    assert group["reason"]
    assert image["kind"] == "image"
    assert garbage["disposition"] == "quarantined"
    assert all(set(record) == set(text) for record in (update, group, image, garbage))


def test_each_line_is_answered_while_the_pipe_stays_open() -> None:
    command = [sys.executable, "-m", "slim_agent", "inbox", "classify", "--input", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            process.stdin.write(line("messages.upsert.text") + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["disposition"] == "turn"
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    captured = tmp_path / "captured.jsonl"
    captured.write_bytes((line("messages.upsert.text") + b"\n") * 2000)
    command = [sys.executable, "-m", "slim_agent", "inbox", "classify", "--input", str(captured)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1
