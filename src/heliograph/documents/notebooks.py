"""Where notebooks hold pictures: in what cells show, as attachments, and in texts; hides Jupyter's format 4.

By https://nbformat.readthedocs.io (nbformat 5.11). A notebook is taken as the objects of its JSON, whether they come
from a file or from Jupyter itself, and is changed in place.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote

from heliograph import Image
from heliograph.client import _markup
from heliograph.client.figures import RASTERS, SVG
from heliograph.documents import html, markdown
from heliograph.documents.embedded import Embedded, Linking, in_data_uri, linked, of_type
from heliograph.documents.views import Reference

Node: TypeAlias = MutableMapping[str, Any]
ATTACHMENT = "attachment:"
TEXTS: dict[str, Callable[[str], Iterator[Reference]]] = {
    "text/html": html.pictures,
    "text/markdown": markdown.pictures,
}
"""What of the texts that cells show may hold pictures."""


@dataclass(frozen=True)
class Notebooks:
    """How notebooks are walked. keep_svg: SVGs stay, where pictures of pixels become links."""

    keep_svg: bool = False

    def walk(self, notebook: Node, link: Linking) -> None:
        """Change the pictures of all cells into links."""
        for number, cell in enumerate(notebook.get("cells", ()), 1):
            self.walk_cell(cell, f"cell {number}", link)

    def walk_cell(self, cell: Node, place: str, link: Linking) -> None:
        """Change the pictures of one cell into links: in a text, what it attaches; in code, what that shows."""
        if cell.get("cell_type") == "markdown":
            self._walk_text(cell, place, link)
        for number, output in enumerate(cell.get("outputs") or (), 1):
            if output.get("output_type") in ("display_data", "execute_result"):
                self._walk_output(output, f"{place}, output {number}", link)

    def _walk_text(self, cell: Node, place: str, link: Linking) -> None:
        attachments = cell.get("attachments") or {}

        def find(reference: Reference) -> Embedded | None:
            if not reference.address.startswith(ATTACHMENT):
                return in_data_uri(reference, place, self.keep_svg)
            name = reference.address.removeprefix(ATTACHMENT)
            name = name if name in attachments else unquote(name)
            return self._picture_in(attachments.get(name) or {}, reference.alt or name, f"{place}, {name}")

        before = _joined(cell["source"])
        after = linked(before, markdown.pictures(before), find, link)
        if after != before:
            cell["source"] = _as(cell["source"], after)
            _take_out_attachments(cell, _attached(before) - _attached(after))

    def _walk_output(self, output: Node, place: str, link: Linking) -> None:
        data = output["data"]
        for media_type, references in TEXTS.items():
            if media_type in data:
                before = _joined(data[media_type])
                after = linked(before, references(before), lambda each: in_data_uri(each, place, self.keep_svg), link)
                if after != before:
                    data[media_type] = _as(data[media_type], after)
        picture = self._picture_in(data, str(_told(output, "alt")), place)
        image = link(picture) if picture is not None else None
        if picture is not None and image is not None:
            self._put_link(output, picture, image)

    def _put_link(self, output: Node, picture: Embedded, image: Image) -> None:
        """Write the link, as HTML and as Markdown, in the place of the picture in all its forms."""
        data = output["data"]
        was_sorted = list(data) == sorted(data)
        sample: object = next((each for name, each in data.items() if name.startswith("text/")), [])
        width, height = _sides(_told(output, "width"), _told(output, "height"), image)
        shown = {
            "text/html": _markup.img(image.link, picture.alt, width, height),
            "text/markdown": _markup.markdown(image.link, picture.alt),
        }
        links = {name: _as(sample, text) for name, text in shown.items() if name not in data}
        bundle: dict[str, Any] = {}
        for name, each in data.items():
            if name == picture.media_type:
                bundle |= links
            elif name not in RASTERS and (name != SVG or self.keep_svg):
                bundle[name] = each
        data.clear()
        data.update((name, bundle[name]) for name in (sorted(bundle) if was_sorted else bundle))

    def _picture_in(self, data: Node, alt: str, place: str) -> Embedded | None:
        """The best picture of a MIME bundle, as it is; None where there is none."""
        for media_type in (*RASTERS, SVG):
            if media_type in data:
                text = _joined(data[media_type])
                picture = text.encode() if media_type == SVG else _decoded(text)
                return of_type(media_type, picture, alt, place, self.keep_svg)
        return None


def _attached(source: str) -> set[str]:
    """The names of the attachments that a text shows."""
    return {
        unquote(each.address.removeprefix(ATTACHMENT))
        for each in markdown.pictures(source)
        if each.address.startswith(ATTACHMENT)
    }


def _take_out_attachments(cell: Node, names: set[str]) -> None:
    """Take out what the text shows by links now; what it has never shown is kept."""
    attachments = cell["attachments"] if names else {}
    for spelt in [each for each in attachments if unquote(each) in names]:
        del attachments[spelt]
    if names and not attachments:
        del cell["attachments"]


def _told(output: Node, what: str) -> Any:  # noqa: ANN401 # JSON may be anything
    """What the metadata says of the picture (nbconvert reads alt, width and height from there); "" without it."""
    metadata = output.get("metadata") or {}
    for media_type in (*RASTERS, SVG):
        told = metadata.get(media_type)
        if isinstance(told, dict) and told.get(what):
            return told[what]
    return metadata.get(what, "")


def _sides(width: object, height: object, image: Image) -> tuple[int, int]:
    """The size in pixels that a picture is shown in: as told, also by one side alone (`Image("a.png", width=300)`)."""
    told_width, told_height = (int(str(side)) if str(side).isdecimal() else 0 for side in (width, height))
    if told_width and told_height:
        return told_width, told_height
    if told_width and image.width:  # a host shaped like Imgur need not tell it
        return told_width, max(1, round(told_width * image.height / image.width))
    if told_height and image.height:
        return max(1, round(told_height * image.width / image.height)), told_height
    return image.width, image.height


def _decoded(text: str) -> bytes:
    """Bytes of base64, none where it is damaged: such a picture shows nothing, and is left as it is."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _joined(text: str | list[str]) -> str:
    """A text of a notebook, which its file may hold as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def _as(sample: object, text: str) -> str | list[str]:
    """A text in the form that `sample` has."""
    return text if isinstance(sample, str) else text.splitlines(keepends=True)
