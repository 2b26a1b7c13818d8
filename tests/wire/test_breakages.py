"""Every deliberate breakage of the wire is noticed by a transcript: the transcripts guard what clients depend on."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

import heliograph
from tests.wire.breakages import BREAKAGES, Breakage
from tests.wire.conftest import Servers, files
from tests.wire.replay import DiffersError, replay
from tests.wire.transcript import FOLDER, read

SOURCES = Path(heliograph.__file__).parent


def broken_sources(breakage: Breakage, folder: Path) -> Path:
    """A copy of the sources with the breakage in it, and of what was compiled, which is good for all other modules."""
    copied = shutil.copytree(SOURCES, folder / "heliograph")
    file = copied / "server" / "http" / breakage.file
    text = file.read_text()
    assert breakage.old in text, "the breakage no longer fits the sources"
    file.write_text(text.replace(breakage.old, breakage.new))
    return folder


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name)
def test_a_transcript_notices(
    breakage: Breakage, publish: Callable[[bytes], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(broken_sources(breakage, tmp_path)))
    with ExitStack() as stack:
        servers = Servers(stack)
        noticed = any(differs(path, servers, publish) for path in sorted((FOLDER / breakage.dialect).glob("*.http")))
    assert noticed, breakage.why


def differs(path: Path, servers: Servers, publish: Callable[[bytes], str]) -> bool:
    """Whether the answers are not as the transcript says."""
    transcript = read(path)
    if transcript.settings:
        return False  # one server for each breakage is enough, and quick
    server, credentials = servers.of(transcript)
    pictures = files()
    addresses = {"url": publish(pictures["png"]).encode(), "nowhere": publish(b"").replace(".png", ".gone").encode()}
    try:
        replay(transcript, server.url, {**credentials, **pictures, **addresses})
    except DiffersError:
        return True
    return False


def test_there_are_ten_breakages_of_every_dialect_together() -> None:
    assert len(BREAKAGES) >= 10
    assert {each.dialect for each in BREAKAGES} == {each.name for each in FOLDER.iterdir() if list(each.glob("*.http"))}
