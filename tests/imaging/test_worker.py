"""The child process alone: its protocol, and when it ends."""

import json
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-P", "-m", "heliograph.imaging.worker", "{}"]


def conversation(*jobs: dict) -> tuple[list[dict], int]:
    """What a worker answers to these jobs, and its exit code after the last."""
    bodies = [json.dumps(job).encode() for job in jobs]
    given = b"".join(len(body).to_bytes(4, "big") + body for body in bodies)
    done = subprocess.run(COMMAND, input=given, stdout=subprocess.PIPE, timeout=30, check=False)
    answers, rest = [], done.stdout
    while rest:
        end = 4 + int.from_bytes(rest[:4], "big")
        answers.append(json.loads(rest[4:end]))
        rest = rest[end:]
    assert answers.pop(0) == {"ready": True}
    return answers, done.returncode


def test_a_worker_ends_when_nobody_gives_it_work_any_more():
    assert conversation() == ([], 0)


def test_a_job_is_answered_with_what_was_found_or_with_a_named_failure(corpus, tmp_path):
    good = {"source": str(corpus["rgb.png"].path), "target": str(tmp_path / "target")}
    bad = good | {"source": __file__}
    (found, failure), code = conversation(good, bad)
    assert (found["done"]["width"], found["done"]["format"]) == (320, "png")
    assert failure["failure"] == "UnsupportedFormat"
    assert code == 0


@pytest.mark.parametrize("value", [1, 2])
def test_a_worker_that_needs_much_memory_asks_first_and_ends_when_it_gets_no_answer(value, tmp_path):
    from tests.corpus.pictures import photograph

    large = tmp_path / "large.jpg"
    photograph((6_000, 4_000)).save(large, progressive=True, quality=40)
    answers, code = conversation(*[{"source": str(large), "target": str(tmp_path / "target")}] * value)
    assert answers[0].keys() == {"ask"}
    assert (len(answers) > 1) == (value > 1)
    assert code == 0
