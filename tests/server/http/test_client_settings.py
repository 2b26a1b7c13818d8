"""The settings that the server hands out are those with which the programs upload."""

import json
import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from heliograph.server.http.client_settings import DOWNLOADS
from tests.running import SCRIPT, RunningServer, clean_environment, picture


def test_the_page_names_every_file_and_every_file_is_there(http: httpx2.Client, server: RunningServer) -> None:
    page = http.get("/docs/clients")
    assert page.status_code == 200
    for name in DOWNLOADS:
        assert f'href="/docs/clients/{name}"' in page.text
        file = http.get(f"/docs/clients/{name}")
        assert server.url in file.text
        assert file.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert http.get("/docs/clients/other").status_code == 404


def test_a_request_as_sharex_makes_it_from_its_file_gives_what_the_file_reads(http: httpx2.Client) -> None:
    """ShareX runs on Windows only: its rules for {json:a.b} are a path into the answer."""
    uploader = http.get("/docs/clients/heliograph.sxcu").json()
    content = picture()
    files = {uploader["FileFormName"]: ("ShareX.png", content, "image/png")}
    answer = http.request(uploader["RequestMethod"], uploader["RequestURL"], files=files)
    assert answer.is_success
    assert httpx2.get(read(uploader["URL"], answer)).content == content
    assert httpx2.get(read(uploader["ThumbnailURL"], answer)).headers["content-type"] == "image/jpeg"
    assert "Delete this picture?" in httpx2.get(read(uploader["DeletionURL"], answer)).text
    refused = http.post(uploader["RequestURL"], files={uploader["FileFormName"]: ("a.png", b"no picture")})
    assert "not a picture" in read(uploader["ErrorMessage"], refused)


def read(expression: str, answer: httpx2.Response) -> str:
    path = re.fullmatch(r"\{json:([a-z_.]+)\}", expression)
    assert path
    found = json.loads(answer.text)
    for name in path[1].split("."):
        found = found[name]
    return str(found)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_shell_function_prints_the_link_of_each_picture(
    shell: str, http: httpx2.Client, owner: httpx2.Client, server: RunningServer, tmp_path: Path
) -> None:
    (tmp_path / "heliograph.sh").write_text(http.get("/docs/clients/heliograph.sh").text)
    contents = [picture(), picture()]
    for number, content in enumerate(contents):
        (tmp_path / f"a {number}.png").write_bytes(content)
    script = '. ./heliograph.sh; heliograph_upload "a 0.png" "a 1.png"'
    environment = {**clean_environment(), "HELIOGRAPH_KEY": server.key}
    done = subprocess.run(
        [shell, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    links = done.stdout.split()
    assert [httpx2.get(link).content for link in links] == contents
    mine = [image["link"] for image in owner.get("/api/v1/images").json()["images"]]
    assert set(links) <= set(mine), "the key's account owns them"


def test_the_command_reads_its_file(http: httpx2.Client, tmp_path: Path) -> None:
    (tmp_path / "heliograph").mkdir()
    (tmp_path / "heliograph" / "config.toml").write_text(http.get("/docs/clients/config.toml").text)
    content = picture()
    (tmp_path / "a.png").write_bytes(content)
    environment = {**clean_environment(), "XDG_CONFIG_HOME": str(tmp_path)}
    words = [SCRIPT, "upload", "a.png"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert httpx2.get(done.stdout.split()[0]).content == content
