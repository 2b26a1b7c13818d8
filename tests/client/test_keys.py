"""Tokens, applications, the account and favourites, by both clients against a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import heliograph
from heliograph.client._config import Target
from heliograph.client._exchange import Patience, Send
from heliograph.client._keys import KeyOperations
from heliograph.client._login import login_of
from heliograph.client._operations import Operations
from heliograph.client._renewal import Renewal
from tests.cli.test_login import add_ada
from tests.client.conftest import Call
from tests.running import RunningServer, faulty, picture, serving
from tests.server.http.test_account_pages import PASSWORD

Who = dict[str, Any]


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with an account `ada`, where anybody may register applications."""
    with serving(tmp_path_factory.mktemp("keys"), APPLICATION_REGISTRATION="anybody") as running:
        add_ada(running)
        yield running


@pytest.fixture
def who(server: RunningServer) -> Who:
    return {"server": server.url, "key": server.key}


def test_a_token_that_is_made_opens_what_its_scopes_say_until_it_is_revoked(call: Call, who: Who) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    made = call("make_token", "laptop", ["images:read"], expires=end, **who)
    assert (made.name, made.scopes, made.expires, made.used) == ("laptop", ("images:read",), end, None)
    its = {"server": who["server"], "key": made.secret}
    assert call("whoami", **its).scopes == ("images:read",)
    with pytest.raises(heliograph.NotAllowedError):
        call("upload", picture(), **its)
    listed = {token.id: token for token in call("tokens", **who)}
    assert (listed[made.id].name, listed[made.id].secret) == ("laptop", None)
    call("revoke_token", made, **who)
    assert made.id not in [token.id for token in call("tokens", **who)]
    with pytest.raises(heliograph.NotFoundError):
        call("revoke_token", made.id, **who)


def test_an_end_without_a_zone_is_utc(call: Call, who: Who) -> None:
    end = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    assert call("make_token", "t", ["albums"], expires=end.replace(tzinfo=None), **who).expires == end


def test_a_token_cannot_make_one_that_may_do_more(call: Call, who: Who) -> None:
    narrow = call("make_token", "narrow", ["account"], **who)
    with pytest.raises(heliograph.NotAllowedError):
        call("make_token", "wide", ["account", "albums"], server=who["server"], key=narrow.secret)


def test_a_first_token_is_made_by_name_and_password(call: Call, open_server: RunningServer) -> None:
    made = call("make_token", "first", ["account"], login=("ada", PASSWORD), server=open_server.url)
    assert call("whoami", server=open_server.url, key=made.secret).account == "ada"
    with pytest.raises(heliograph.NotAllowedError):
        call("make_token", "first", ["account"], login=("ada", "wrong" * 4), server=open_server.url)


def test_a_password_and_an_address_are_changed_and_nothing_else_by_a_wrong_one(
    call: Call, open_server: RunningServer
) -> None:
    own = {"server": open_server.url}
    key = call("make_token", "t", ["account"], login=("ada", PASSWORD), **own).secret
    assert call("change_account", email="ada@h.example", **own, key=key).email == "ada@h.example"
    other = PASSWORD[::-1]
    with pytest.raises(heliograph.RefusedError):
        call("change_account", password=other, old_password="wrong" * 4, **own, key=key)
    call("change_account", password=other, old_password=PASSWORD, **own, key=key)
    again = call("make_token", "t", ["account"], login=("ada", other), **own).secret
    changed = call("change_account", email="", password=PASSWORD, old_password=other, **own, key=again)
    assert (changed.name, changed.email) == ("ada", "")


def test_an_application_is_registered_looked_at_changed_and_given_another_secret(call: Call, who: Who) -> None:
    made = call("register_application", "Program", redirects=["https://h.example/back"], secret=True, **who)
    assert (made.name, made.redirects, made.enabled, made.has_secret) == (
        "Program", ("https://h.example/back",), True, True,
    )  # fmt: skip
    assert made.secret
    found = call("application", made.client_id, **who)
    assert (found.key, found.secret, found.limits) == (made.key, None, None)
    changed = call("change_application", made, name="Other", redirects=[], enabled=False, **who)
    assert (changed.name, changed.redirects, changed.enabled) == ("Other", (), False)
    assert call("renew_secret", made, **who).secret not in (None, made.secret)
    assert changed.client_id in [each.client_id for each in call("applications", **who)]


def test_who_has_the_secret_of_nobodys_application_changes_it(call: Call, open_server: RunningServer) -> None:
    own = {"server": open_server.url}
    made = call("register_application", "Program", secret=True, **own)
    assert call("application", made, secret=made.secret, **own).client_id == made.client_id
    assert call("change_application", made, name="Other", secret=made.secret, **own).name == "Other"
    renewed = call("renew_secret", made, secret=made.secret, **own)
    with pytest.raises(heliograph.NotAllowedError):
        call("application", made, secret=made.secret, **own)
    assert call("application", made, secret=renewed.secret, **own).name == "Other"


def test_an_image_of_nobody_is_claimed_by_its_delete_hash_and_by_nothing_less(call: Call, who: Who) -> None:
    image = call("upload", picture(), server=who["server"])
    with pytest.raises(heliograph.NotAllowedError):
        call("claim", image.id, **who)
    assert call("claim", image.id, delete_hash=image.delete_hash, **who).id == image.id
    assert call("claim", image.delete_link, **who).id == image.id
    assert next(iter(call("list", **who))).id == image.id


def test_favourites_are_marked_and_unmarked_and_may_be_so_twice(call: Call, who: Who) -> None:
    image = call("upload", picture(), server=who["server"])
    for verb, told in (("favorite", True), ("favorite", True), ("unfavorite", False), ("unfavorite", False)):
        call(verb, image.link, **who)
        assert call("info", image.id, **who).favorite is told
    assert call("info", image.id, server=who["server"]).favorite is None


def test_albums_are_marked_and_unmarked_and_what_is_not_there_is_not_found(call: Call, who: Who) -> None:
    album = call("create_album", privacy="public", **who)
    for verb in ("favorite_album", "favorite_album", "unfavorite_album"):
        call(verb, album.page, **who)
    with pytest.raises(heliograph.NotFoundError):
        call("favorite_album", "aB3xY7qmTz", **who)


@pytest.mark.parametrize("kind", ["source", "vector"])
def test_what_is_beside_an_image_is_removed_and_the_picture_stays(call: Call, who: Who, kind: str) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    image = call("upload", picture(), source="x = 1", vector=svg, server=who["server"])
    call(f"remove_{kind}", image.id, delete_hash=image.delete_hash, server=who["server"])
    left = call("info", image, server=who["server"])
    assert {each: getattr(left, f"{each}_link") is None for each in ("source", "vector")} == {
        each: each == kind for each in ("source", "vector")
    }
    with pytest.raises(heliograph.NotFoundError):
        call(f"remove_{kind}", image, server=who["server"])


@pytest.mark.parametrize(
    ("verb", "wanted"),
    [("make_token", ("lost", ["albums"])), ("register_application", ("lost",))],
)
def test_what_makes_a_secret_is_not_made_twice_where_the_answer_was_lost(
    call: Call, who: Who, verb: str, wanted: tuple[Any, ...]
) -> None:
    def held() -> int:
        return sum(each.name == "lost" for each in (*call("tokens", **who), *call("applications", **who)))

    before = held()
    with faulty(who["server"]) as proxy, pytest.raises(heliograph.UnreachableError) as caught:
        call(verb, *wanted, server=proxy.url, key=who["key"])
    assert caught.value.may_be_done
    assert held() == before + 1


def test_revoking_goes_on_where_the_answer_was_lost(call: Call, who: Who) -> None:
    made = call("make_token", "t", ["albums"], **who)
    with faulty(who["server"]) as proxy:
        call("revoke_token", made, server=proxy.url, key=who["key"])
    assert made.id not in [token.id for token in call("tokens", **who)]


@pytest.mark.parametrize(
    ("verb", "wanted"),
    [
        ("make_token", ("name", "albums")),
        ("register_application", ("name", "https://h.example/")),
        ("change_application", ("id",)),
        ("change_account", ()),
        ("revoke_token", ("../images/aB3xY7qmTz",)),
        ("application", ("a/secret",)),
        ("claim", ("no image",)),
    ],
)
def test_what_cannot_be_meant_is_an_input_error(call: Call, verb: str, wanted: tuple[Any, ...]) -> None:
    call_with: dict[str, Any] = {"redirects": wanted[1]} if verb == "register_application" else {}
    with pytest.raises(heliograph.InputError):
        call(verb, *(wanted[:1] if call_with else wanted), server="http://127.0.0.1:9", **call_with)


@pytest.mark.parametrize("login", [("a:b", "password"), ("ada", "\udcff")])
def test_a_name_or_password_that_cannot_be_sent_is_an_input_error(call: Call, login: tuple[str, str]) -> None:
    with pytest.raises(heliograph.InputError):
        call("make_token", "t", ["albums"], login=login, server="http://127.0.0.1:9")


def test_no_secret_is_shown_and_members_of_a_newer_server_are_kept(call: Call, who: Who) -> None:
    token = call("make_token", "t", ["albums"], **who)
    application = call("register_application", "p", secret=True, **who)
    assert token.secret not in repr(token)
    assert application.secret not in repr(application)
    assert heliograph.Token.parse({**token.answer, "colour": "red"}).answer["colour"] == "red"
    assert heliograph.Application.parse({**application.answer, "colour": "red"}) == application


@pytest.mark.parametrize("record", [heliograph.Token, heliograph.Application])
def test_an_answer_that_is_no_such_record_says_so(record: Any) -> None:
    for answer in ({"id": "x", "name": "y"}, None, []):
        with pytest.raises(heliograph.UnexpectedAnswerError):
            record.parse(answer)


def test_a_password_is_sent_as_it_is_also_by_somebody_who_is_logged_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    url = "https://h.example"
    tokens = {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "account": "ada", "scope": "albums"}
    target = Target(url, "a", login_of(url, tokens))
    keys = KeyOperations(Operations(target, Patience(0, 0)))
    plan = Renewal(target, Patience(0, 0)).applied(keys.make_token("t", ["albums"], None, ("ada", "pässword")))
    step = next(plan)
    assert isinstance(step, Send)
    assert step.headers["Authorization"] == "Basic YWRhOnDDpHNzd29yZA=="
