"""How a login is kept going, step by step: which requests get a token, when another is got, and what is borne."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from heliograph import NotAllowedError, UnreachableError
from heliograph.client._config import Target, config_path
from heliograph.client._exchange import Answer, Patience, Plan, Send, Wait
from heliograph.client._kept import Turn, forget, keep, read
from heliograph.client._login import login_of
from heliograph.client._renewal import Renewal

SERVER = "https://h.example"
TOKENS = {"access_token": "a1", "refresh_token": "r1", "expires_in": 3600, "account": "ada", "scope": "albums"}
NEXT = {**TOKENS, "access_token": "a2", "refresh_token": "r2"}
LOGIN = login_of(SERVER, TOKENS)
OVER = replace(LOGIN, expires=datetime.now(UTC) - timedelta(seconds=1))


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def told(status: int, **content: object) -> Answer:
    return Answer(status, {}, json.dumps(content).encode())


def asking() -> Plan[int]:
    """Asks once with a token, and once without; tells the first status."""
    first = yield Send("GET", f"{SERVER}/mine", {"Authorization": "Bearer old"})
    yield Send("GET", f"{SERVER}/keys")
    assert first is not None
    return first.status


def followed(login: Any, retries: int = 3) -> Plan[int]:
    keep(config_path(), login)
    return Renewal(Target(SERVER, login.access_token, login), Patience(retries, 30)).applied(asking())


def is_shown(step: Send | Wait, token: str | None) -> None:
    assert isinstance(step, Send)
    assert step.headers.get("Authorization") == (f"Bearer {token}" if token else None)


def is_refresh(step: Send | Wait, token: str) -> None:
    assert isinstance(step, Send)
    assert step.url == f"{SERVER}/api/v1/oauth/token"
    assert step.form is not None
    assert step.form["refresh_token"] == token


def test_a_token_that_lasts_is_shown_where_one_is_to_be_shown_and_nowhere_else() -> None:
    plan = followed(LOGIN)
    is_shown(next(plan), "a1")
    is_shown(plan.send(told(200)), None)
    with pytest.raises(StopIteration) as end:
        plan.send(told(200))
    assert end.value.value == 200


@pytest.mark.parametrize("early", [True, False], ids=["by the clock", "by the server's word"])
def test_a_token_that_is_over_is_renewed_and_the_next_one_kept(early: bool) -> None:
    plan = followed(OVER if early else LOGIN)
    step = next(plan)
    if not early:
        is_shown(step, "a1")
        step = plan.send(told(401))
    is_refresh(step, "r1")
    is_shown(plan.send(told(200, **NEXT)), "a2")
    assert read(config_path()).logins[SERVER].refresh_token == "r2"
    is_shown(plan.send(told(401)), None)  # a second word against it is told to the plan


def test_what_another_program_has_got_meanwhile_is_taken() -> None:
    plan = followed(OVER)
    keep(config_path(), login_of(SERVER, NEXT))
    is_shown(next(plan), "a2")


def test_a_refresh_token_is_shown_twice_at_most_however_often_its_answer_is_lost() -> None:
    """A server bears it once: one more would end the login. Nor does the plan try the whole again."""
    plan = followed(OVER)
    is_refresh(next(plan), "r1")
    assert isinstance(plan.throw(UnreachableError("lost")), Wait)
    is_refresh(plan.send(None), "r1")
    with pytest.raises(UnreachableError):
        plan.throw(UnreachableError("lost"))
    assert read(config_path()).logins[SERVER].refresh_token == "r1"
    turn = Turn(config_path())
    assert turn.taken(), "and the turn is over"
    turn.end()


def test_a_client_that_does_not_try_again_shows_it_once() -> None:
    plan = followed(OVER, retries=0)
    is_refresh(next(plan), "r1")
    with pytest.raises(UnreachableError):
        plan.throw(UnreachableError("lost"))


def test_it_waits_for_its_turn_for_as_long_as_it_takes() -> None:
    turn, plan = Turn(config_path()), followed(OVER)
    assert turn.taken()
    assert isinstance(next(plan), Wait)
    assert all(isinstance(plan.send(None), Wait) for _ in range(2000)), "100 seconds later"
    turn.end()
    is_refresh(plan.send(None), "r1")


def test_who_has_logged_out_meanwhile_is_told() -> None:
    plan = followed(OVER)
    forget(config_path(), SERVER)
    with pytest.raises(NotAllowedError, match="You have logged out from"):
        next(plan)


@pytest.mark.parametrize("word", ["invalid_grant", "invalid_client"])
def test_a_login_that_has_ended_says_so(word: str) -> None:
    plan = followed(OVER)
    next(plan)
    with pytest.raises(NotAllowedError, match="has ended"):
        plan.send(told(400, error=word, error_description="because."))
