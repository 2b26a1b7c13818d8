"""How a link to a picture is written in other people's markup; hides what each of them would misread."""

from __future__ import annotations

import html
import re

MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]])")
ENTITY = re.compile(r"&(?=#?\w+;)")
UNSAFE = {ord(c): f"%{ord(c):02X}" for c in " ()[]{}<>\"'\\^`|"}
LATEX_SPECIAL = {ord(c): f"\\{c}" for c in "{}$&#_%"} | {
    ord("\\"): r"\textbackslash{}",
    ord("~"): r"\textasciitilde{}",
    ord("^"): r"\textasciicircum{}",
}
LATEX_LINK = {ord(c): f"\\{c}" for c in "%#&"}


def markdown(link: str, words: str) -> str:
    """`![words](link)`, escaped by the rules of CommonMark 0.31 (backslash escapes, entities)."""
    text = MARKDOWN_SPECIAL.sub(r"\\\1", _line(words))
    text = ENTITY.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")
    return f"![{text}]({link.translate(UNSAFE)})"


def img(link: str, words: str, width: int, height: int) -> str:
    """An HTML `img` element with alt text and dimensions (pixels)."""
    return f'<img src="{html.escape(link)}" alt="{html.escape(_line(words))}" width="{width}" height="{height}">'


def bbcode(link: str) -> str:
    """`[img]link[/img]`; BBCode has no alt text that all forums understand."""
    return f"[img]{link.translate(UNSAFE)}[/img]"


def rst(link: str, words: str) -> str:
    """An image directive of reStructuredText, whose alt text is taken as it stands (docutils: "unchanged")."""
    text = _line(words)
    return f".. image:: {link.translate(UNSAFE)}\n" + (f"   :alt: {text}\n" if text else "")


def latex(link: str, words: str) -> str:
    r"""A link by hyperref, as LaTeX loads no pictures from the web: `\href{link}{words}`, else `\url{link}`."""
    target = link.translate(UNSAFE).translate(LATEX_LINK)
    text = _line(words).translate(LATEX_SPECIAL)
    return f"\\href{{{target}}}{{{text}}}" if text else f"\\url{{{target}}}"


def _line(words: str) -> str:
    """The same words on one line."""
    return " ".join(words.split())
