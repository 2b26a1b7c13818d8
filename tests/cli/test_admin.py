"""`heliograph admin` on a running server's data: what it changes is what the server then does."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from heliograph.server.identity import REMEMBERED
from tests.running import SCRIPT, RunningServer, clean_environment, picture, serving

PASSWORD = "correct horse battery"
Admin = Callable[..., str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(tmp_path_factory.mktemp("admin"), UNKNOWN_KEYS="refuse") as server:
        yield server


def run(data: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = clean_environment() | {"HELIOGRAPH_DATA_DIR": str(data), "PYTHONUTF8": "1"}
    command = [SCRIPT, "admin", *words]
    return subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, timeout=60)


@pytest.fixture
def admin(running: RunningServer) -> Admin:
    def run_well(*words: str, stdin: str = "") -> str:
        done = run(running.data, *words, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run_well


def upload(server: RunningServer, authorization: str) -> httpx2.Response:
    return httpx2.post(
        f"{server.url}/api/v1/images", headers={"authorization": authorization}, files={"image": picture()}
    )


def test_an_account_a_token_and_an_upload(admin: Admin, running: RunningServer) -> None:
    admin("account", "create", "ada", "--password-stdin", stdin=PASSWORD + "\n")
    listed = [line.split("\t")[:3] for line in admin("account", "list").splitlines()]
    assert [each for each in listed if each[0] in ("ada", "owner")] == [
        ["ada", "user", "enabled"],
        ["owner", "administrator", "enabled"],
    ]
    secret = admin("token", "create", "ada", "--scope", "images:write", "--expires", "90d").strip()
    assert upload(running, f"Bearer {secret}").status_code == 201
    token_id, name, scopes, _, expires, used = admin("token", "list", "ada").strip().split("\t")
    assert (name, scopes) == ("made by the operator", "images:write")
    assert "-" not in (expires, used), "it has an end, and was used"
    admin("token", "revoke", "ada", token_id)
    assert admin("token", "list", "ada") == ""
    time.sleep(REMEMBERED)
    assert upload(running, f"Bearer {secret}").json()["name"] == "InvalidToken"


def test_an_application_is_known_by_its_client_id_and_its_key(admin: Admin, running: RunningServer) -> None:
    said = dict(line.split(": ") for line in admin("app", "create", "My program", "--secret").splitlines())
    assert [len(said[name]) for name in ("client id", "key", "secret")] == [15, 32, 32]
    assert upload(running, f"Client-ID {said['client id']}").status_code == 201
    assert upload(running, f"Client-ID {said['key']}").status_code == 201
    assert upload(running, "Client-ID 0000000000").json()["name"] == "UnknownKey"
    assert said["client id"] in admin("app", "list")
    assert dict([admin("app", "rotate", said["client id"]).strip().split(": ")])["secret"] != said["secret"]
    admin("app", "disable", said["client id"])
    time.sleep(REMEMBERED)
    assert upload(running, f"Client-ID {said['key']}").json()["name"] == "UnknownKey"
    admin("app", "enable", said["client id"])
    time.sleep(REMEMBERED)
    assert upload(running, f"Client-ID {said['key']}").status_code == 201


@pytest.mark.parametrize(("choice", "status"), [("keep", 200), ("remove", 410)])
def test_deleting_an_account_keeps_or_removes_its_images(
    choice: str, status: int, admin: Admin, running: RunningServer
) -> None:
    admin("account", "create", f"robot-{choice}", "--no-password")
    secret = admin("token", "create", f"robot-{choice}", "--scope", "images:write").strip()
    image = upload(running, f"Bearer {secret}").json()
    admin("account", "delete", f"robot-{choice}", "--images", choice, "--yes")
    assert f"robot-{choice}" not in admin("account", "list")
    assert httpx2.get(f"{running.url}/api/v1/images/{image['id']}").status_code == status
    if choice == "keep":
        assert httpx2.delete(f"{running.url}/api/v1/images/{image['delete_hash']}").status_code == 204


def test_the_audit_tells_who_did_what_and_from_where(admin: Admin, running: RunningServer) -> None:
    image = upload(running, f"Bearer {running.key}").json()
    httpx2.delete(f"{running.url}/api/v1/images/{image['id']}", headers={"authorization": f"Bearer {running.key}"})
    admin("account", "create", "eve", "--no-password")
    lines = [line.split("\t") for line in admin("audit", "--since", "1d").splitlines()]
    assert lines[0][1:6] == ["account.create", "eve", "-", "-", "command line"]
    assert [line[1] for line in lines if line[2] == image["id"]] == ["image.remove", "image.upload"]
    assert {tuple(line[3:6:2]) for line in lines if line[2] == image["id"]} == {("owner", "127.0.0.1")}


def test_what_strangers_wrote_cannot_steer_the_operators_terminal(admin: Admin, running: RunningServer) -> None:
    httpx2.post(f"{running.url}/api/v1/tokens", auth=("\x1b]0;\u202ename\x07", "p" * 12), json={})
    newest = admin("audit", "--limit", "1").splitlines()[0]
    assert newest.split("\t")[1:3] == ["account.refuse", "]0; name"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("account", "create", "owner", "--no-password"), 2, "already"),
        (("account", "create", "No Name", "--no-password"), 2, "a-z"),
        (("account", "disable", "nobody"), 1, "no account"),
        (("app", "disable", "nothing"), 1, "nothing here"),
        (("app", "create", "x", "--redirect", "javascript:alert(1)"), 2, "redirect"),
        (("token", "create", "owner", "--scope", "albums", "--expires", "2001-01-01"), 2, "expired"),
        (("audit", "--since", "yesterday"), 2, "date"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_code(
    words: tuple[str, ...], code: int, said: str, running: RunningServer
) -> None:
    done = run(running.data, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_short_password_is_refused_and_no_password_is_an_argument(running: RunningServer) -> None:
    done = run(running.data, "account", "create", "short", "--password-stdin", stdin="short\n")
    assert (done.returncode, "12 to 256" in done.stderr) == (2, True)
    assert "--password " not in run(running.data, "account", "create", "--help").stdout


def test_it_works_before_the_server_first_ran(tmp_path: Path) -> None:
    assert run(tmp_path / "new", "account", "create", "ada", "--no-password").returncode == 0
    assert run(tmp_path / "new", "account", "list").stdout.startswith("ada\tuser")


def test_secrets_are_nowhere_in_the_database(admin: Admin, running: RunningServer) -> None:
    admin("account", "create", "grace", "--password-stdin", stdin=PASSWORD + "\n")
    token = admin("token", "create", "grace", "--scope", "account").strip()
    secret = admin("app", "create", "secretive", "--secret").splitlines()[2].removeprefix("secret: ")
    kept = b"".join(path.read_bytes() for path in running.data.glob("heliograph.db*"))
    assert not [each for each in (token, secret, PASSWORD) if each.encode() in kept]
    assert json.dumps("$argon2id$")[1:-1].encode() in kept


def test_an_application_gets_limits_of_its_own(tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS="2/day by application") as server:

        def admin(*words: str) -> str:
            done = run(server.data, *words)
            assert done.returncode == 0, done.stderr
            return done.stdout

        client_id = admin("app", "create", "Mine").splitlines()[0].removeprefix("client id: ")
        headers = {"authorization": f"Client-ID {client_id}"}

        def admitted(most: int) -> int:
            asked = (httpx2.get(f"{server.url}/api/v1/images/aaaaaaaaaa", headers=headers) for _ in range(most))
            return sum(answer.status_code == 404 for answer in asked)

        assert admitted(4) == 2
        admin("app", "limits", client_id, "5/day; 50000/day uploads")
        assert admin("app", "list").splitlines()[-1].split("\t")[-1] == "5/day; 50000/day uploads"
        time.sleep(REMEMBERED)
        assert admitted(8) == 5
        admin("app", "limits", client_id, "default")
        time.sleep(REMEMBERED)
        assert admitted(1) == 0
        done = run(server.data, "app", "limits", client_id, "5/day by address")
        assert (done.returncode, "'5/day by address'" in done.stderr) == (2, True)


def test_a_program_keeps_the_consumer_key_that_it_has_built_in(admin: Admin, running: RunningServer) -> None:
    key, secret = "ef8c51ce1140df5ff9cfe16f17b3d36704e6c0b48", "0123456789abcdef" * 2
    made = admin("app", "create", "Captured", "--client-id", key, "--secret-stdin", stdin=secret + "\n")
    assert made.splitlines()[0] == f"client id: {key}"
    assert secret not in made
    assert upload(running, f"Client-ID {key}").status_code == 201
    again = run(running.data, "app", "create", "x", "--client-id", key, "--secret-stdin", stdin=secret + "\n")
    assert (again.returncode, "already" in again.stderr) == (2, True)


@pytest.mark.parametrize("secret", ["short", "x" * 101])
def test_a_built_in_secret_must_be_one(running: RunningServer, secret: str) -> None:
    done = run(running.data, "app", "create", "x", "--client-id", "abc", "--secret-stdin", stdin=secret + "\n")
    assert (done.returncode, "secret" in done.stderr) == (2, True)


def test_a_built_in_client_id_needs_its_secret(running: RunningServer) -> None:
    assert run(running.data, "app", "create", "x", "--client-id", "abc").returncode == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("token", "create", "ada"), "albums, images:read, images:write. See 'heliograph admin token create --help'."),
        (("account", "quota", "ada", "--bytes", "5X"), "'5X' is neither a size such as 5GiB, none, nor default. See"),
        (("account", "quota", "ada", "--images", "5GiB"), "'5GiB' is neither a number, none, nor default. See"),
    ],
)
def test_wrong_usage_is_said_in_whole_sentences(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = run(tmp_path, *words)
    assert done.returncode == 2
    assert told in done.stderr
