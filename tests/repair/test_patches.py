"""Patches change addresses and nothing else, and files are replaced as a whole or not at all."""

import resource
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph import InputError
from heliograph.repair.documents import Document, Unreadable, find_documents, read_document
from heliograph.repair.patches import repaired, replace_file, unified

LINES = [b"", b"a", b"\r", b"\xff", b"![](https://h.example/old.png)", b"- x", b"\\ No"]
OLD, NEW = "https://h.example/old.png", "http://127.0.0.1:8750/AbCdEfGhIj.png"


def apply(program: list[str], folder: Path, patch: bytes) -> None:
    done = subprocess.run(program, cwd=folder, input=patch, capture_output=True)
    assert done.returncode == 0, done.stderr + done.stdout + patch


@given(
    lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=40),
    program=st.sampled_from([["git", "apply", "--whitespace=nowarn"], ["patch", "-p1", "--binary"]]),
)  # fmt: skip
def test_git_and_patch_take_it_and_get_the_very_bytes(
    lines: list[bytes], program: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("patch")
    before = b"\n".join(lines)
    after = before.replace(OLD.encode(), NEW.encode())
    (folder / "a.md").write_bytes(before)
    patch = unified("a.md", before, after)
    assert bool(patch) == (before != after)
    if patch:
        apply(program, folder, patch)
    assert (folder / "a.md").read_bytes() == after


@pytest.mark.parametrize("name", ["a b.md", "ä.md", 'q"uote.md', "tab\there.md", "deep/er/x.md"])
def test_names_of_all_kinds_are_understood(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    for program in (["git", "apply"], ["patch", "-p1"]):
        path.write_bytes(b"old\n")
        apply(program, tmp_path, unified(name, b"old\n", b"new\n"))
        assert path.read_bytes() == b"new\n"


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff![ä]({OLD})\r\nno end".encode(),
        f"![\xe4]({OLD})\n".encode("latin-1"),
        f"\ufeff![ä]({OLD})\r\n".encode("utf-16-le"),
        f"\ufeff![ä]({OLD})".encode("utf-16-be"),
        b"\xff\xfeodd",
    ],
)
def test_encodings_and_line_ends_stay_as_they_are(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(content)
    document = read_document(path)
    if isinstance(document, Unreadable):
        assert content == b"\xff\xfeodd"
        return
    assert document.encoded(document.read()[1]) == content
    code = {"utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be"}.get(document.encoding, "latin-1")
    before, after = repaired(document, {OLD: NEW})
    assert before == content != after == content.replace(OLD.encode(code), NEW.encode(code))


def test_a_file_is_replaced_with_its_mode_and_its_old_self_is_kept(tmp_path: Path) -> None:
    path, backup = tmp_path / "a.md", tmp_path / "out" / "a.md"
    path.write_bytes(b"old")
    path.chmod(0o640)
    replace_file(path, b"old", b"new", backup)
    assert (path.read_bytes(), backup.read_bytes(), path.stat().st_mode & 0o777) == (b"new", b"old", 0o640)
    with pytest.raises(InputError, match="has changed meanwhile"):
        replace_file(path, b"old", b"newer", backup)
    assert path.read_bytes() == b"new"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.md", "out"]


def test_a_disk_that_is_full_leaves_the_file_and_no_half_backup(tmp_path: Path) -> None:
    path, backup = tmp_path / "a.md", tmp_path / "out" / "a.md"
    path.write_bytes(b"old" * 100)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1][1]))
    try:
        with pytest.raises(OSError, match="large"):
            replace_file(path, b"old" * 100, b"new", backup)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before[1])
        signal.signal(signal.SIGXFSZ, before[0])
    assert path.read_bytes() == b"old" * 100
    assert not list(backup.parent.iterdir())


def test_documents_are_found_in_folders_each_once(tmp_path: Path) -> None:
    for name in ("b.md", "sub/a.tex", ".hidden/no.md", "node_modules/no.md", "no.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = [str(path.relative_to(tmp_path)) for path in find_documents([tmp_path, tmp_path / "b.md"])]
    assert found == ["b.md", "sub/a.tex"]
    for wrong in ("no.py", "missing"):
        with pytest.raises(InputError):
            list(find_documents([tmp_path / wrong]))


def test_a_document_is_what_its_name_says_or_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("{no json")
    left_out = read_document(tmp_path / "a.ipynb")
    assert isinstance(left_out, Unreadable)
    assert "no JSON" in left_out.reason
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert isinstance(read_document(tmp_path / "deep.json"), Unreadable)
    (tmp_path / "a.md").write_text("![](https://h.example/a.png)")
    assert isinstance(read_document(tmp_path / "a.md"), Document)


def test_a_read_only_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="read-only"):
        replace_file(path, b"old", b"new", tmp_path / "backup")
    assert path.read_bytes() == b"old"
