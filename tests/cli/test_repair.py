"""`heliograph repair` and `mirror` as a stranger uses them: look first, then let them change the documents."""

import hashlib
import json
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import jsonschema
import pytest

from tests.cli.conftest import Run
from tests.repair.internet import Capture, Internet, Reply, Request, a_picture, always, internet, only_own_pages
from tests.running import SCRIPT, RunningServer, free_port

CHANCE = random.Random(4)
LIVE, DEAD, SHY, LOST = (a_picture(CHANCE, (size, 9)) for size in (20, 21, 22, 23))
HOST = "https://a.secure.example"
SCHEMA = Path(__file__).parents[2] / "docs" / "repair-report.schema.json"
TEXT = f"""# Notes\r
\r
![live]({HOST}/live.png) and ![dead]({HOST}/dead.png "once")\r
\r
```
![dead]({HOST}/dead.png) stays in code
```
<img src="{HOST}/shy.png?a=1&amp;b=2"> ![lost]({HOST}/lost.png)"""
FAST = ("--per-second=1000", "--pause=0.1")


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Internet]:
    with internet(tmp_path, "*.secure.example") as made:
        made.show(f"{HOST}/live.png", always(body=LIVE))
        made.show(f"{HOST}/shy.png?a=1&b=2", only_own_pages(Reply(200, SHY), Reply(403)))
        made.wayback.captures.append(Capture("20120101000000", f"{HOST}/dead.png", DEAD))
        yield made


@pytest.fixture
def repo(tmp_path: Path, net: Internet, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with one document, which is where the commands run."""
    environment["SSL_CERT_FILE"] = str(net.ca)
    folder = tmp_path / "repo"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "notes.md").write_bytes(TEXT.encode())
    (folder / ".gitignore").write_text("heliograph-repair/\n")
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], check=True)
    return folder


def report(repo: Path) -> dict[str, dict[str, object]]:
    """The links of the report, which is as its schema says."""
    told = json.loads((repo / "heliograph-repair" / "report.json").read_text())
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    return {entry["url"]: entry for entry in told["links"]}


def changed(repo: Path) -> list[str]:
    """The lines of `git diff` that say what changed."""
    listed = subprocess.run(
        ["git", "diff", "-U0", "--word-diff=porcelain", '--word-diff-regex=[^()"\\s]+'], capture_output=True
    )
    lines = listed.stdout.decode().splitlines()
    return [line.rstrip() for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---"))]


def test_without_being_told_to_it_only_looks(run: Run, net: Internet, repo: Path, http: httpx2.Client) -> None:
    done = run("repair", ".", *FAST, *net.options)
    assert done.returncode == 0, done.stderr
    assert "4 addresses in 1 document: 1 live, 2 dead, 1 hot-link-blocked" in done.stdout
    assert "Nothing was uploaded or changed" in done.stdout
    assert not changed(repo)
    told = report(repo)
    assert {url.rpartition("/")[2]: entry["verdict"] for url, entry in told.items()} == {
        "live.png": "live",
        "dead.png": "dead",
        "shy.png?a=1&b=2": "hot-link-blocked",
        "lost.png": "dead",
    }
    assert told[f"{HOST}/dead.png"]["copy"] == {
        "origin": f"the Wayback Machine, https://web.archive.org/web/20120101000000id_/{HOST}/dead.png",
        "sha256": hashlib.sha256(DEAD).hexdigest(),
    }
    assert not [entry for entry in told.values() if entry["link"]]
    assert not (repo / "heliograph-repair" / "repair.patch").exists()


def test_written_in_place_git_sees_other_addresses_and_nothing_else(run: Run, net: Internet, repo: Path) -> None:
    assert run("repair", ".", "--write", *FAST, *net.options).returncode == 0
    dead, shy = (report(repo)[f"{HOST}/{name}"]["link"] for name in ("dead.png", "shy.png?a=1&b=2"))
    assert changed(repo) == [f"-{HOST}/dead.png", f"+{dead}", f"-{HOST}/shy.png?a=1&amp;b=2", f"+{shy}"]
    wanted = TEXT.replace(f'({HOST}/dead.png "', f'({dead} "').replace(f"{HOST}/shy.png?a=1&amp;b=2", str(shy))
    assert (repo / "notes.md").read_bytes() == wanted.encode()
    assert (repo / "heliograph-repair" / "originals" / "notes.md").read_bytes() == TEXT.encode()
    for link, picture in ((dead, DEAD), (shy, SHY)):
        assert httpx2.get(str(link)).content == picture
    again = run("repair", ".", "--write", *FAST, *net.options)
    assert "2 addresses in 1 document: 1 live, 1 dead" in again.stdout, "what was repaired is ours now"


def test_a_document_that_cannot_be_changed_keeps_no_other_from_it(run: Run, net: Internet, repo: Path) -> None:
    (repo / "sub").mkdir()
    (repo / "sub" / "more.md").write_text(f"![a]({HOST}/dead.png)")
    originals = repo / "heliograph-repair" / "originals"
    originals.mkdir(parents=True)
    (originals / "sub").write_text("where its old self should go")
    done = run("repair", ".", "--write", *FAST, *net.options)
    assert "more.md: left out: could not be changed" in done.stderr
    assert done.returncode == 1
    assert (repo / "sub" / "more.md").read_text() == f"![a]({HOST}/dead.png)"
    assert len(changed(repo)) == 4
    assert json.loads((repo / "heliograph-repair" / "report.json").read_text())["changed"] == ["notes.md"]


def test_a_folder_of_results_that_cannot_be_made_is_one_line(run: Run, repo: Path) -> None:
    done = run("repair", "notes.md", "--out", "notes.md/results", *FAST)
    assert done.returncode == 2
    assert done.stderr.startswith("heliograph: Nothing can be written to notes.md/results")
    assert done.stderr.count("\n") == 1


def test_a_patch_changes_the_documents_when_it_is_applied(run: Run, net: Internet, repo: Path) -> None:
    assert run("repair", "notes.md", "--patch", *FAST, *net.options).returncode == 0
    assert not changed(repo)
    subprocess.run(["git", "apply", "heliograph-repair/repair.patch"], check=True)
    assert len(changed(repo)) == 4


def test_a_second_run_asks_and_uploads_nothing_again(run: Run, net: Internet, repo: Path) -> None:
    run("repair", ".", *FAST, *net.options)
    asked = len([request for request in net.requests if request.host == "a.secure.example"])
    first = run("repair", ".", "--patch", *FAST, *net.options)
    links = {url: entry["link"] for url, entry in report(repo).items()}
    second = run("repair", ".", "--patch", *FAST, *net.options)
    assert len([request for request in net.requests if request.host == "a.secure.example"]) == asked
    assert first.stdout == second.stdout
    assert {url: entry["link"] for url, entry in report(repo).items()} == links
    assert (repo / "heliograph-repair" / "state.jsonl").stat().st_mode & 0o077 == 0


def test_a_run_that_was_interrupted_goes_on_where_it_was(
    run: Run, net: Internet, repo: Path, environment: dict[str, str]
) -> None:
    def slow(_: Request) -> Reply:
        time.sleep(0.05)
        return Reply(200, LIVE)

    for number in range(40):
        net.show(f"{HOST}/slow{number}.png", slow)
    (repo / "many.md").write_text("\n\n".join(f"![]({HOST}/slow{number}.png)" for number in range(40)))
    process = subprocess.Popen(
        [SCRIPT, "repair", "many.md", *FAST, *net.options], env=environment, stderr=subprocess.PIPE
    )
    while len([request for request in net.requests if "slow" in request.path]) < 20:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    asked = {request.path for request in net.requests if "slow" in request.path}
    assert len(asked) < 40
    net.requests.clear()
    assert run("repair", "many.md", *FAST, *net.options).returncode == 0
    again = {request.path for request in net.requests if "slow" in request.path}
    assert len(again & asked) <= 1, "only what was being asked is asked again"
    assert len(again | asked) == 40


def test_mirror_copies_what_is_live_and_leaves_hosts_that_keep(run: Run, net: Internet, repo: Path) -> None:
    net.show("https://kept.secure.example/p.png", always(body=LOST))
    (repo / "notes.md").write_text(f"![]({HOST}/live.png) ![](https://kept.secure.example/p.png) ![]({HOST}/dead.png)")
    done = run("mirror", ".", "--write", "--keep-host=kept.secure.example", *FAST, *net.options)
    assert done.returncode == 0, done.stderr
    link = report(repo)[f"{HOST}/live.png"]["link"]
    assert httpx2.get(str(link)).content == LIVE
    wanted = f"![]({link}) ![](https://kept.secure.example/p.png) ![]({HOST}/dead.png)"
    assert (repo / "notes.md").read_text() == wanted


def test_a_host_that_was_seen_live_must_give_the_same_picture_back(run: Run, net: Internet, repo: Path) -> None:
    (repo / "notes.md").write_text(f"![]({HOST}/live.png)")
    run("repair", ".", *FAST, *net.options)
    state = repo / "heliograph-repair" / "state.jsonl"
    state.write_text(re.sub(r'"at": \d+', '"at": 1', state.read_text()))
    net.show(f"{HOST}/live.png", always(404))
    net.wayback.captures.append(Capture("20120101000000", f"{HOST}/live.png", LOST))
    run("repair", ".", *FAST, *net.options)
    assert report(repo)[f"{HOST}/live.png"]["copy"] is None
    net.wayback.captures.append(Capture("20130101000000", f"{HOST}/live.png", LIVE))
    run("repair", ".", *FAST, *net.options)
    copy = report(repo)[f"{HOST}/live.png"]["copy"]
    assert isinstance(copy, dict)
    assert copy["sha256"] == hashlib.sha256(LIVE).hexdigest()


def test_trouble_ends_it_with_one_line(run: Run, net: Internet, repo: Path) -> None:
    (repo / "bad.json").write_text("[]")
    for arguments, code, told in (
        (["missing.md"], 2, "There is no file"),
        (["."], 3, "reach"),
        ([".", "--mapping=bad.json"], 2, "no JSON object"),
        ([".", "--placeholder=nothing"], 2, "no hash"),
        ([".", "--connect-to=a:b"], 2, "HOST1:PORT1"),
    ):
        nowhere = {"HELIOGRAPH_URL": f"http://127.0.0.1:{free_port()}"} if code == 3 else {}
        done = run("repair", *arguments, "--write", *FAST, *net.options, env=nowhere)
        assert done.returncode == code, done.stderr
        assert told in done.stderr.splitlines()[-1], done.stderr
    assert not changed(repo)


def test_copies_go_to_no_fallback(run: Run, net: Internet, repo: Path, server: RunningServer, tmp_path: Path) -> None:
    config = tmp_path / "config" / "heliograph" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'fallbacks = [{{url = "{server.url}", key = "{server.key}"}}]\n')
    done = run("repair", ".", "--write", *FAST, *net.options, "--server", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 3, done.stderr
    assert not changed(repo)


def test_a_damaged_state_is_said_to_be_damaged_but_a_cut_line_is_not(run: Run, net: Internet, repo: Path) -> None:
    run("repair", ".", *FAST, *net.options)
    state = repo / "heliograph-repair" / "state.jsonl"
    whole = state.read_text()
    state.write_text(whole[:-20])
    assert run("repair", ".", *FAST, *net.options).returncode == 0
    state.write_text("nonsense\n" + whole)
    done = run("repair", ".", *FAST, *net.options)
    assert (done.returncode, "is damaged in line 1" in done.stderr) == (2, True)


def test_text_of_others_is_only_text_in_the_report(run: Run, net: Internet, repo: Path) -> None:
    (repo / "<b>x.md").write_text(f"![]({HOST}/'onerror=alert(1).png)")
    run("repair", ".", *FAST, *net.options)
    page = (repo / "heliograph-repair" / "report.html").read_text()
    assert "<b>" not in page
    assert "&lt;b&gt;x.md" in page
    assert "'onerror" not in page


def test_a_copy_that_the_server_does_not_take_is_said_and_its_link_stays(run: Run, net: Internet, repo: Path) -> None:
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'></svg>"
    shown = Reply(200, drawing, "image/svg+xml")
    net.show(f"{HOST}/drawing.svg", only_own_pages(shown, Reply(403)))
    (repo / "notes.md").write_text(f"![]({HOST}/drawing.svg)")
    done = run("repair", ".", "--write", *FAST, *net.options)
    assert done.returncode == 1
    (problem,) = report(repo)[f"{HOST}/drawing.svg"]["problems"]  # type: ignore[misc]
    assert "was not uploaded" in problem
    assert (repo / "notes.md").read_text() == f"![]({HOST}/drawing.svg)"


def test_the_server_is_not_asked_where_nothing_is_uploaded(
    run: Run, net: Internet, repo: Path, server: RunningServer
) -> None:
    nowhere = {"HELIOGRAPH_URL": f"http://127.0.0.1:{free_port()}"}
    assert run("repair", ".", *FAST, *net.options, env=nowhere).returncode == 0
