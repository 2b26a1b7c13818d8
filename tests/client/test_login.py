"""How long a login waits between two questions, and what it makes of answers: the plan, asked step by step."""

import json
from pathlib import Path

import pytest

from heliograph import NotAllowedError, UnexpectedAnswerError, UnreachableError
from heliograph.client import _login
from heliograph.client._config import Target
from heliograph.client._exchange import Answer, Plan, Send, Wait
from heliograph.client._login import DeviceCodes, begin, wait_for

TARGET = Target("https://h.example", None)
CODES = DeviceCodes("device", "BCDF-GHJK", "https://h.example/device", "https://h.example/device?code=x", 900, 5)
TOKENS = {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "account": "ada"}


def told(status: int, **content: object) -> Answer:
    return Answer(status, {}, json.dumps(content).encode())


def pauses(plan: Plan[str], *answers: Answer | UnreachableError) -> list[float]:
    """The pauses that the plan makes while it is answered so."""
    made = []
    step = next(plan)
    for answer in answers:
        assert isinstance(step, Wait)
        made.append(step.seconds)
        assert isinstance(plan.send(None), Send)
        step = plan.throw(answer) if isinstance(answer, UnreachableError) else plan.send(answer)
    assert isinstance(step, Wait)
    return [*made, step.seconds]


def test_it_asks_more_slowly_when_it_is_told_to_or_the_server_is_away() -> None:
    """RFC 8628 section 3.5: five seconds more, for all questions that follow."""
    waiting, slower = told(400, error="authorization_pending"), told(400, error="slow_down")
    away, busy = UnreachableError("away"), told(503, error="temporarily_unavailable")
    plan = wait_for(TARGET, CODES)
    assert pauses(plan, waiting, slower, waiting, away, busy, waiting) == [5, 5, 10, 10, 15, 20, 20]


def test_it_gives_up_when_the_code_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = wait_for(TARGET, CODES)
    pauses(plan, told(400, error="authorization_pending"))
    monkeypatch.setattr(_login.time, "monotonic", lambda: 1e9)
    plan.send(None)
    with pytest.raises(NotAllowedError, match="in time"):
        plan.send(told(400, error="authorization_pending"))


@pytest.mark.parametrize("word", ["access_denied", "expired_token", "invalid_grant", "invalid_client"])
def test_every_other_word_ends_it(word: str) -> None:
    plan = wait_for(TARGET, CODES)
    next(plan)
    plan.send(None)
    with pytest.raises(NotAllowedError, match="because"):
        plan.send(told(400, error=word, error_description="because"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"user_code": "x"}', b"null"])
def test_an_answer_that_is_none_is_called_so(body: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for plan in (begin(TARGET, "albums"), wait_for(TARGET, CODES)):
        step: object = next(plan)
        if isinstance(step, Wait):
            plan.send(None)
        with pytest.raises(UnexpectedAnswerError, match=r"https://h\.example"):
            plan.send(Answer(200, {}, body))
    assert not list(tmp_path.iterdir())


def test_what_is_kept_is_not_shown() -> None:
    assert "secret" not in repr(DeviceCodes("secret", "B", "a", "c", 1, 1))
    assert "secret" not in repr(_login._kept(Path("c"), "https://h.example", {**TOKENS, "access_token": "secret"}))
