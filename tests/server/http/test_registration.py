"""Who may register applications, and what becomes of those that nobody owns."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.administration import run
from tests.cli.test_admin import PASSWORD
from tests.running import RunningServer, serving
from tests.server.http.test_account_pages import Browser
from tests.server.http.test_native import failure

PLACE = "/api/v1/applications"


def token_of(server: RunningServer, name: str, role: str = "user", scope: str = "account") -> dict[str, str]:
    run(server.data, "account", "create", name, "--no-password", "--role", role)
    done = run(server.data, "token", "create", name, "--scope", scope)
    assert done.returncode == 0, done.stderr
    return {"authorization": f"Bearer {done.stdout.strip()}"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server where anybody may register applications."""
    folder = tmp_path_factory.mktemp("opened")
    with serving(folder, APPLICATION_REGISTRATION="anybody", TRUSTED_PROXIES="127.0.0.0/8") as server:
        yield server


def register(server: RunningServer, address: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    sent = {"x-forwarded-for": address, **(headers or {})}
    return httpx2.post(server.url + PLACE, json={"name": "Mine"}, headers=sent, timeout=60)


def test_only_administrators_register_where_the_operator_wants_it(tmp_path: Path) -> None:
    with serving(tmp_path, APPLICATION_REGISTRATION="administrators") as server:
        user, chief = token_of(server, "user"), token_of(server, "chief", "administrator")
        assert failure(httpx2.post(server.url + PLACE, json={"name": "a"}, headers=user)) == (403, "Forbidden")
        assert failure(httpx2.post(server.url + PLACE, json={"name": "a"})) == (401, "NoTokenSent")
        assert httpx2.post(server.url + PLACE, json={"name": "a"}, headers=chief).status_code == 201


def test_an_application_of_nobody_is_changed_with_its_secret_only(opened: RunningServer) -> None:
    answer = register(opened, "203.0.113.1")
    made = answer.json()
    assert (answer.status_code, len(made["client_id"]), len(made["key"]), len(made["secret"])) == (201, 15, 32, 32)
    place = f"{opened.url}{PLACE}/{made['client_id']}"
    assert failure(httpx2.patch(place, json={"name": "Stolen"})) == (401, "NoTokenSent")
    owner = {"authorization": f"Bearer {opened.key}"}
    assert failure(httpx2.patch(place, json={"name": "Stolen"}, headers=owner)) == (404, "NotFound")
    wrong = httpx2.patch(place, json={"name": "Stolen"}, auth=(made["client_id"], "0" * 32))
    assert failure(wrong) == (401, "InvalidToken")
    mine = (made["client_id"], made["secret"])
    changed = httpx2.patch(place, json={"name": "Better"}, auth=mine).json()
    assert (changed["name"], "secret" in changed) == ("Better", False)
    other = register(opened, "203.0.113.1").json()["client_id"]
    assert failure(httpx2.get(f"{opened.url}{PLACE}/{other}", auth=mine)) == (404, "NotFound")
    rotated = httpx2.post(f"{place}/secret", auth=mine).json()["secret"]
    assert failure(httpx2.get(place, auth=mine)) == (401, "InvalidToken")
    assert httpx2.get(place, auth=(made["client_id"], rotated)).json()["name"] == "Better"


def test_the_secret_of_an_accounts_application_changes_nothing(opened: RunningServer) -> None:
    headers = token_of(opened, "ada")
    made = httpx2.post(opened.url + PLACE, json={"name": "a", "secret": True}, headers=headers).json()
    place = f"{opened.url}{PLACE}/{made['client_id']}"
    answer = httpx2.patch(place, json={"name": "b"}, auth=(made["client_id"], made["secret"]))
    assert failure(answer) == (401, "InvalidToken")


def test_a_token_without_the_scope_registers_nothing(opened: RunningServer) -> None:
    headers = token_of(opened, "reader", scope="images:read")
    assert failure(register(opened, "203.0.113.9", headers)) == (403, "Forbidden")


def test_registering_without_an_account_is_counted_by_address(opened: RunningServer) -> None:
    answers = [register(opened, f"2001:db8::{number}") for number in range(1, 13)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429] * 2
    assert failure(answers[-1]) == (429, "UploadLimitReached")
    assert int(answers[-1].headers["retry-after"]) > 8000
    assert register(opened, "2001:db8:0:1::1").status_code == 201


def test_what_the_operator_disabled_its_owner_cannot_enable(opened: RunningServer) -> None:
    headers = token_of(opened, "bea")
    made = httpx2.post(opened.url + PLACE, json={"name": "a"}, headers=headers).json()
    place = f"{opened.url}{PLACE}/{made['client_id']}"
    assert run(opened.data, "app", "disable", made["client_id"]).returncode == 0
    assert failure(httpx2.patch(place, json={"enabled": True}, headers=headers)) == (403, "Forbidden")
    assert httpx2.get(place, headers=headers).json()["enabled"] is False
    assert run(opened.data, "app", "enable", made["client_id"]).returncode == 0
    assert httpx2.get(place, headers=headers).json()["enabled"] is True


def test_the_pages_hold_to_it_too(tmp_path: Path) -> None:
    with serving(tmp_path, APPLICATION_REGISTRATION="administrators") as server:
        made = run(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD)
        assert made.returncode == 0, made.stderr
        browser = Browser(server)
        assert browser.log_in().status_code == 303
        assert "Register an application" not in browser.http.get("/account/applications").text
        refused = browser.post("/account/settings", "/account/applications", name="Mine")
        assert refused.status_code == 403
        assert run(server.data, "app", "list").stdout.count("Mine") == 0
        assert run(server.data, "app", "create", "Mine", "--owner", "ada").returncode == 0
        client_id = run(server.data, "app", "list").stdout.splitlines()[-1].split("\t")[0]
        assert run(server.data, "app", "disable", client_id).returncode == 0
        shown = browser.http.get("/account/applications").text
        assert "The operator has disabled this application." in shown
        assert 'value="enable"' not in shown
        place = f"/account/applications/{client_id}"
        assert browser.post("/account/settings", place, verb="enable").status_code == 403
