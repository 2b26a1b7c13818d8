"""Documents on the disk: which files hold links; hides encodings, so that the very bytes can be written back."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from heliograph import InputError
from heliograph.documents.views import View
from heliograph.repair.dump_links import NotReadable, Scanner, json_links, notebook_links, stack_links, table_links
from heliograph.repair.latex_links import latex_links
from heliograph.repair.links import Link, html_links, markdown_links
from heliograph.repair.rst_links import rst_links

SCANNERS: Mapping[str, Scanner] = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd", ".mdx", ".rmd", ".qmd"), markdown_links),
    **dict.fromkeys((".html", ".htm", ".xhtml"), html_links),
    **dict.fromkeys((".rst", ".rest"), rst_links),
    **dict.fromkeys((".tex", ".ltx"), latex_links),
    ".ipynb": notebook_links,
    ".xml": stack_links,
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), json_links),
    ".csv": table_links,
}
"""The ending of a file's name says what is in it."""

LEFT_ALONE = {"node_modules", "__pycache__", "site-packages", "venv"}
"""Folders that hold nobody's own documents. Hidden ones are left alone too."""

MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Document:
    """A file with links, which stand on these lines, counted from 1. What it holds is read again where it is needed:
    dumps are large, and there may be many.
    """

    path: Path
    sha256: bytes
    encoding: str
    links: tuple[Link, ...]
    lines: tuple[int, ...]

    def read(self) -> tuple[bytes, str]:
        """Its bytes, and the text in which the links have their places. Raises InputError where the file has changed
        since it was read, and OSError.
        """
        content = self.path.read_bytes()
        if hashlib.sha256(content).digest() != self.sha256:
            raise InputError(f"{self.path} has changed meanwhile, and was left as it is. Run this again.")
        return content, _decoded(content, self.encoding)

    def encoded(self, text: str) -> bytes:
        """`text` in the document's encoding; bytes that meant nothing in it stay as they were."""
        return text.encode(self.encoding, _errors(self.encoding))


@dataclass(frozen=True)
class Unreadable:
    """A file that was left out, and why. at_writing: it was read, but could not be changed."""

    path: Path
    reason: str
    at_writing: bool = False


def find_documents(paths: Sequence[Path], left_out: Path | None = None) -> Iterator[Path]:
    """The files named, and all documents in the folders named, each once, in order of their names; none in `left_out`.

    Raises InputError for a path that is not there, or a file of a kind that is not known.
    """
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found = sorted(_below(path))
        elif not path.exists():
            raise InputError(f"There is no file or folder {path}.")
        elif path.suffix.lower() not in SCANNERS:
            raise InputError(f"{path}: files named so are not searched for links. Known are: {' '.join(SCANNERS)}")
        else:
            found = [path]
        for each in found:
            is_result = left_out is not None and each.resolve().is_relative_to(left_out.resolve())
            if each.resolve() not in seen and not is_result:
                seen.add(each.resolve())
                yield each


def read_document(path: Path) -> Document | Unreadable:
    """The links of one file, in the order in which they stand there."""
    try:
        content = path.read_bytes()
        encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
        text = _decoded(content, encoding)
        links = {link.start: link for link in SCANNERS[path.suffix.lower()](View.whole(text))}
    except (OSError, UnicodeError, NotReadable, RecursionError) as error:
        return Unreadable(path, getattr(error, "strerror", None) or str(error) or type(error).__name__)
    in_order = tuple(links[start] for start in sorted(links))
    return Document(path, hashlib.sha256(content).digest(), encoding, in_order, tuple(_lines(text, in_order)))


def _lines(text: str, links: Iterable[Link]) -> Iterator[int]:
    """The line of each link, which stand in order."""
    line, done = 1, 0
    for link in links:
        line, done = line + text.count("\n", done, link.start), link.start
        yield line


def _decoded(content: bytes, encoding: str) -> str:
    return content.decode(encoding, _errors(encoding))


def _errors(encoding: str) -> str:
    """What is not UTF-8 is mostly Latin-1 or its kin, where addresses and markup have the same bytes."""
    return "surrogateescape" if encoding == "utf-8" else "strict"


def _below(folder: Path) -> Iterator[Path]:
    """The documents in a folder and the folders in it, symbolic links to folders not followed."""
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in LEFT_ALONE:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)
        elif path.is_file() and path.suffix.lower() in SCANNERS:
            yield path
