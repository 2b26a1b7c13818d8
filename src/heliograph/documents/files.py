"""Files whose pictures become links: notebooks, Markdown and HTML; hides how each is read, and that writing may fail.

A file is changed whole or not at all: what it shall hold is written beside it and takes its place in one step.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from heliograph import Image, InputError
from heliograph.client._durable import write_document
from heliograph.documents import html, ipynb, markdown
from heliograph.documents.embedded import (
    Embedded,
    Linking,
    collected,
    in_data_uri,
    linked,
    moved_out,
    path_beside,
)
from heliograph.documents.notebooks import Notebooks
from heliograph.documents.views import Reference

REFERENCES: Mapping[str, Callable[[str], Iterator[Reference]]] = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd", ".qmd", ".rmd"), markdown.pictures),
    **dict.fromkeys((".html", ".htm", ".xhtml"), html.pictures),
}
NOTEBOOK = ".ipynb"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Document:
    """A file with pictures in it. local: those in files beside it, too, where it is Markdown or HTML. keep_svg: SVGs
    stay as they are.
    """

    path: Path
    local: bool = False
    keep_svg: bool = False

    def pictures(self) -> list[Embedded]:
        """What would be published. Raises InputError where the file cannot be read or is of another kind."""
        content = self._read()
        return collected(lambda link: self._rewritten(content, link))

    def publish(
        self, publish: Callable[[Sequence[Embedded]], Mapping[Embedded, Image]], into: Path | None = None
    ) -> int:
        """Publish the pictures by `publish` and write their links, `into` another file where one is named.

        Returns by how many bytes the file is smaller. Whatever is raised meanwhile leaves it as it was.
        """
        before = self._read()
        after = moved_out(lambda link: self._rewritten(before, link), publish)
        if into is None and after != before and self._read() != before:
            raise InputError(f"{self.path} was changed meanwhile, and is left as it is now. Run this again.")
        target = into or self.path
        if into is not None or after != before:
            try:
                write_document(target, after)
            except OSError as error:
                raise InputError(f"{target} cannot be written ({error.strerror}). It is as it was.") from error
        return len(before) - len(after)

    def _read(self) -> bytes:
        if self.path.suffix.lower() not in (*REFERENCES, NOTEBOOK):
            kinds = ", ".join((NOTEBOOK, *REFERENCES))
            raise InputError(f"{self.path} is none of the files that can hold pictures: {kinds}.")
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise InputError(f"{self.path} cannot be read ({error.strerror}).") from error

    def _rewritten(self, content: bytes, link: Linking) -> bytes:
        """What the file would hold. Bytes that are no UTF-8 come out as they went in."""
        if content.startswith(UTF_16):
            raise InputError(f"{self.path} is written in UTF-16. Save it as UTF-8.")
        text = content.decode("utf-8", "surrogateescape")
        try:
            new = self._linked_notebook(text, link) if self._is_notebook else self._linked_text(text, link)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error
        return new.encode("utf-8", "surrogateescape")

    @property
    def _is_notebook(self) -> bool:
        return self.path.suffix.lower() == NOTEBOOK

    def _linked_notebook(self, text: str, link: Linking) -> str:
        notebooks = Notebooks(self.keep_svg)

        def change(cell: dict[str, Any], number: int) -> None:
            notebooks.walk_cell(cell, f"{self.path}: cell {number}", link)

        return ipynb.changed(text, change)

    def _linked_text(self, text: str, link: Linking) -> str:
        lines = [0, *accumulate(map(len, text.split("\n")), lambda at, length: at + length + 1)]

        def find(reference: Reference) -> Embedded | None:
            place = f"{self.path}: line {bisect_right(lines, reference.start)}"
            embedded = in_data_uri(reference, place, self.keep_svg)
            return self._beside(reference, place) if embedded is None and self.local else embedded

        return linked(text, REFERENCES[self.path.suffix.lower()](text), find, link)

    def _beside(self, reference: Reference, place: str) -> Embedded | None:
        """The picture in the file at a relative address; None where there is no such file."""
        path = path_beside(reference.address)
        file = self.path.parent / path
        is_svg = file.suffix.lower() == ".svg"
        is_there = os.path.isfile(file)  # noqa: PTH113 # a Path raises what the disk says of a name that is too long
        if not path or not is_there or (is_svg and self.keep_svg):
            return None
        return Embedded(file, reference.alt, file.suffix.lower().lstrip("."), place)
