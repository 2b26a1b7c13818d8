"""Four servers with one database and one signing key: what one has given out all know, and a replay is one for all."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx2
import pytest
from oauthlib.oauth1 import Client as Signer

from heliograph.server.receipts import load_or_make_key
from tests.running import SCRIPT, RunningServer, clean_environment, serving
from tests.server.http.signing import PASSWORD, Person, Program, closing_all, session_of, verifier_of
from tests.server.test_migrations import emptied
from tests.servers.postgres import PostgresServer

KEY = "signing-key.pem"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[list[RunningServer]]:
    key = tmp_path_factory.mktemp("key") / KEY
    load_or_make_key(key)
    settings = {"DATABASE_URL": postgres_server.url, "PUBLIC_URL": "http://h.example"}
    with emptied(postgres_server), ExitStack() as stack:
        running = []
        for _ in range(4):
            folder = tmp_path_factory.mktemp("server")
            (folder / "data").mkdir()
            (folder / "data" / KEY).write_bytes(key.read_bytes())
            (folder / "data" / "first-key").write_text("only the first server makes one\n")
            running.append(stack.enter_context(serving(folder, **settings)))
        stack.enter_context(closing_all())
        yield running


@pytest.fixture(scope="module")
def program(servers: list[RunningServer], postgres_server: PostgresServer) -> Program:
    """A program, and the account `ada`."""

    def admin(*words: str, stdin: str = "") -> str:
        told = {"HELIOGRAPH_DATA_DIR": str(servers[0].data), "HELIOGRAPH_DATABASE_URL": postgres_server.url}
        command = [SCRIPT, "admin", *words]
        done = subprocess.run(
            command, env=clean_environment() | told, input=stdin, text=True, check=True, capture_output=True
        )
        return done.stdout

    admin("account", "create", "ada", "--password-stdin", stdin=PASSWORD + "\n")
    said = dict(line.split(": ") for line in admin("app", "create", "a", "--secret").splitlines())
    return Program(said["client id"], said["key"], said["secret"])


def test_each_step_of_the_dance_may_be_at_another_server_and_a_replay_is_refused_by_all(
    servers: list[RunningServer], program: Program
) -> None:
    session = session_of(program)
    session.fetch_request_token(f"{servers[0].url}/oauth/request_token")
    answer = Person(servers[1], "ada").answer(session.authorization_url(f"{servers[1].url}/oauth/authorize"))
    session.fetch_access_token(f"{servers[2].url}/oauth/access_token", verifier=verifier_of(answer))
    given = session.auth.client
    signer = Signer(
        program.key, client_secret=program.secret,
        resource_owner_key=given.resource_owner_key, resource_owner_secret=given.resource_owner_secret,
    )  # fmt: skip
    headers = signer.sign("http://h.example/2/account.json")[1]

    def ask(number: int) -> int:
        return httpx2.get(f"{servers[number % 4].url}/2/account.json", headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(32) as pool:
        codes = sorted(pool.map(ask, range(32)))
    assert codes == [200] + [401] * 31
