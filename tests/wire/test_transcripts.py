"""Every transcript is played against a real server and must come out to the byte."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.wire.conftest import Servers, files
from tests.wire.replay import DiffersError, replay
from tests.wire.transcript import FOLDER, read, transcripts


@pytest.mark.parametrize("path", transcripts(), ids=lambda path: str(path.relative_to(FOLDER)))
def test_the_answers_are_as_the_transcript_says(path: Path, servers: Servers, publish: Callable[[bytes], str]) -> None:
    transcript = read(path)
    server, credentials = servers.of(transcript)
    pictures = files()
    addresses = {"url": publish(pictures["png"]), "nowhere": publish(b"").replace(".png", ".gone")}
    replay(transcript, server.url, {**credentials, **pictures, **{k: v.encode() for k, v in addresses.items()}})


SMALL = """# A claim.
>>>
GET /livez HTTP/1.1
<<<
HTTP/1.1 200
Content-Type: text/plain; charset=utf-8

{answer}
"""


@pytest.mark.parametrize("wrong", ["dead", "alive ", "aliv", "{{int}}", "{{hash X}}"])
def test_another_answer_is_noticed(wrong: str, tmp_path: Path, servers: Servers) -> None:
    for answer, fits in (("alive\n", True), (wrong, False)):
        (tmp_path / "small.http").write_text(SMALL.format(answer=answer))
        transcript = read(tmp_path / "small.http")
        server, _ = servers.of(transcript)
        if fits:
            replay(transcript, server.url, {})
        else:
            with pytest.raises(DiffersError):
                replay(transcript, server.url, {})
