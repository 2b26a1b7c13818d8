"""What one run leaves for the next outlives a run that was killed."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from heliograph import Client, InputError
from heliograph.repair.judging import Observation, Verdict
from heliograph.repair.state import State
from tests.running import RunningServer, picture

LOOK = Observation(Verdict.LIVE, "a picture", 1.0, "ab")
URL = "https://h.example/a.png"


def test_a_line_that_was_cut_short_is_left_out_and_what_follows_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    State(path).add_look(URL, LOOK)
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole + whole[:end])
        path.chmod(0o600)
        State(path).add_look(URL, LOOK)
        kept = 3 if end == len(whole) - 1 else 2  # only the break after it was missing
        assert State(path).looks(URL) == (LOOK,) * kept
        assert all(json.loads(line) for line in path.read_text().splitlines())
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    for text in ("{}\n", "nonsense\n", '{"look": 1}\n{}\n'):
        path.write_text(text)
        with pytest.raises(InputError, match="damaged in line 1"):
            State(path)
        assert path.read_text() == text


def test_the_hosts_of_what_was_uploaded_are_known(tmp_path: Path, server: RunningServer) -> None:
    with Client(server.url, server.key) as client:
        image = client.upload(picture())
    state = State(tmp_path / "state.jsonl")
    state.add_upload("https://pictures.example", "ab", image)
    assert State(tmp_path / "state.jsonl").hosts("https://pictures.example") == {urlsplit(server.url).netloc}
    assert not state.hosts("https://other.example")
