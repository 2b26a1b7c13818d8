"""Every client program uploads, gives back a link that serves the picture, and deletes and lists where it can."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.administration import run
from tests.clients.matrix import Matrix
from tests.clients.programs import PROGRAMS, Program
from tests.clients.redirect import Redirect, redirected
from tests.running import RunningServer, picture, serving, website


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(tmp_path_factory.mktemp("clients")) as server:
        yield server


@pytest.fixture(scope="module")
def redirect(running: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redirect]:
    with redirected(running.url, tmp_path_factory.mktemp("redirect")) as led:
        yield led


@pytest.fixture(scope="module")
def access(running: RunningServer) -> dict[str, str]:
    """What a program with access to somebody's account has, got as Imgur's programs get it: by the implicit flow."""
    password = "correct horse battery"
    run(running.data, "account", "create", "ada", "--password-stdin", stdin=password + "\n")
    owner = {"authorization": f"Bearer {running.key}"}
    about = {"name": "Programs", "redirects": ["http://127.0.0.1:9/"], "secret": True}
    made = httpx2.post(f"{running.url}/api/v1/applications", headers=owner, json=about).json()
    place = f"{running.url}/oauth2/authorize?client_id={made['client_id']}&response_type=token"
    cookie = httpx2.get(place).headers["set-cookie"].partition(";")[0]
    form = {"username": "ada", "password": password, "allow": cookie.partition("=")[2]}
    landed = httpx2.post(place, data=form, headers={"cookie": cookie}).headers["location"]
    given = {name: values[0] for name, values in parse_qs(urlsplit(landed).fragment).items()}
    return {
        "client_id": made["client_id"],
        "client_secret": made["secret"],
        "access_token": given["access_token"],
        "refresh_token": given["refresh_token"],
    }


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: f"{program.name} {program.version} {program.dialect}")
def test_the_program_works_unmodified(
    program: Program,
    running: RunningServer,
    access: dict[str, str],
    redirect: Redirect,
    matrix: Matrix,
    tmp_path: Path,
) -> None:
    content = picture(48, 36)
    (tmp_path / "picture.png").write_bytes(content)
    with website({"/picture.png": (200, {"Content-Type": "image/png"}, content)}) as elsewhere:
        url = f"{elsewhere}/picture.png"
        words = {
            "picture": str(tmp_path / "picture.png"),
            "url": url,
            "key": "0" * 32,
            "token": running.key,
            "server": running.url,
            **access,
        }
        uploaded = _run(program, program.command, words, redirect, tmp_path)
    found = _found(program, uploaded)
    on_server = f"{running.url}/{urlsplit(found['link']).path.lstrip('/')}"
    _must_serve(on_server, None if program.screenshot else content)
    did = ["upload"]
    if program.listing:
        assert found["link"] in _run(program, program.listing, words | found, redirect, tmp_path).stdout
        did.append("list")
    if program.remove:
        _run(program, program.remove, words | found, redirect, tmp_path)
        assert httpx2.get(on_server).status_code == 410
        did.append("delete")
    matrix.note(program, did)


def _must_serve(link: str, content: bytes | None) -> None:
    """The link serves those bytes, or any picture; where it is the link of a page, the picture that the page names."""
    answer = httpx2.get(link if Path(urlsplit(link).path).suffix else link + ".png")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/")
    assert content is None or answer.content == content


def test_the_page_of_the_documentation_says_what_each_program_did(matrix: Matrix) -> None:
    """A whole run writes the page's table anew where it said otherwise; a part of one only compares its own rows."""
    said_so_already = matrix.keep() if matrix.complete else matrix.agrees()
    assert said_so_already, "docs/clients.md said otherwise (a whole run has written it anew)"


def _run(
    program: Program, command: tuple[str, ...], words: dict[str, str], redirect: Redirect, folder: Path
) -> subprocess.CompletedProcess[str]:
    filled = [re.sub(r"\{(\w+)\}", lambda found: words[found[1]], word) for word in command]
    done = redirect.run(filled, folder=folder, more=program.environment)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done


def _found(program: Program, uploaded: subprocess.CompletedProcess[str]) -> dict[str, str]:
    if program.link is None:
        return {name: str(value) for name, value in json.loads(uploaded.stdout.splitlines()[-1]).items()}
    link = re.search(program.link, uploaded.stdout)
    assert link, f"no link in {uploaded.stdout!r}\n{uploaded.stderr}"
    found = {"link": link[1], "id": urlsplit(link[1]).path.strip("/").partition(".")[0]}
    if program.delete:
        delete = re.search(program.delete, uploaded.stdout)
        assert delete, f"no delete hash in {uploaded.stdout!r}"
        found["delete"] = delete[1]
    return found
