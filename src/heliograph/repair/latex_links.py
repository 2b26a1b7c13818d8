"""Pictures in LaTeX: those included, and addresses that lead to one; hides escapes, comments and verbatim text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from heliograph.documents.views import Use, View
from heliograph.repair.links import Link, links

VERBATIM = "verbatim|Verbatim|lstlisting|minted|comment|alltt"
TOKEN = re.compile(
    rf"""\\begin\{{(?P<name>(?:{VERBATIM})\*?)\}}.*?(?:\\end\{{(?P=name)\}}|\Z)
    | \\(?:verb|lstinline|mintinline)\b\*?(?:\[[^\]\n]*\]|\{{[a-z]+\}})?(?P<quote>[^\sA-Za-z*\[\{{]).*?(?:(?P=quote)|$)
    | \\(?P<command>includegraphics|href|url|nolinkurl)\*?\s*(?:\[[^\]]*\]\s*)*
      \{{\s*(?P<address>(?:[^{{}}\\\s]|\\.)+?)\s*\}}
    | \\.
    | %[^\n]*""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
ESCAPED = re.compile(r"\\([#%&_~{}^])")
SPECIAL = re.compile(r"([#%&])")


def latex_links(view: View) -> Iterator[Link]:
    """The links of a document, comments and verbatim text left out. Escaped signs are read as the signs."""
    for match in TOKEN.finditer(view.text):
        if match["address"] is not None:
            use = Use.PICTURE if match["command"] == "includegraphics" else Use.LINK
            yield from links([view.reference(*match.span("address"), use, read=_unescaped, write=_escaped)])


def _unescaped(text: str) -> str:
    return ESCAPED.sub(r"\1", text)


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)
