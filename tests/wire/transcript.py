"""Reads transcripts: requests and the answers they must get. The form is described in README.md."""

import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass
class Message:
    """A head's first line, its headers in order, and the body; None where nothing is said of one."""

    first: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    body: str | None = None

    def header(self, name: str) -> str | None:
        return next((value for each, value in self.headers if each.lower() == name.lower()), None)


@dataclass
class Transcript:
    """What one file says."""

    name: str
    claim: str
    settings: dict[str, str]
    exchanges: list[tuple[Message, Message]]


def transcripts() -> list[Path]:
    """Every transcript of every dialect."""
    return sorted(FOLDER.glob("*/*.http"))


def read(path: Path) -> Transcript:
    """The transcript in a file. An AssertionError says what is not in its form."""
    preface, *parts = re.split(r"^(>>>|<<<)\n", path.read_text(), flags=re.MULTILINE)
    lines = preface.splitlines()
    assert all(line.startswith(("#", "@")) for line in lines if line), f"{path}: only # and @ before the first request"
    claim = " ".join(line.lstrip("# ") for line in lines if line.startswith("#"))
    assert claim, f"{path}: it makes no claim"
    settings = dict(line.lstrip("@ ").split("=", 1) for line in lines if line.startswith("@"))
    assert parts, f"{path}: no request"
    assert parts[::2] == [">>>", "<<<"] * (len(parts) // 4), f"{path}: requests and answers must alternate"
    messages = [_message(part) for part in parts[1::2]]
    exchanges = list(zip(messages[::2], messages[1::2], strict=True))
    return Transcript(f"{path.parent.name}/{path.name}", claim, settings, exchanges)


def _message(text: str) -> Message:
    head, blank, body = text.removesuffix("\n").partition("\n\n")
    if text.endswith("\n\n") and not blank:
        head, blank = head.removesuffix("\n"), "\n\n"
    first, *lines = head.split("\n")
    message = Message(first, body=body if blank else None)
    for line in lines:
        if line.startswith("!"):
            message.absent.append(line[1:])
        else:
            name, colon, value = line.partition(":")
            assert colon, f"{line!r} is no header"
            message.headers.append((name, value.strip()))
    return message
