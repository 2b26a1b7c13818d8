"""A dump of 1,000 posts, made by a seed: documents of all formats, links of all kinds, and the truth about each.

A document is made of parts: text, and slots for addresses. So the tests know the very bytes of a repaired document
without any scanner: the same parts with other addresses in the slots.
"""

import html
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.repair.internet import Capture, Internet, Reply, Request, a_picture, always, only_own_pages

POSTS = 1000
HOSTS = [f"pictures{number}.example" for number in range(12)]
OLD_HOSTS = [f"old{number}.example" for number in range(4)]
"""Hosts without a certificate."""
SECURE = (*HOSTS, "i.imgur.com", "i.stack.imgur.com", "i.sstatic.net", "shy.example", "down.example")
WORDS = re.findall(r"\w+", "the picture shows how a lens bends light and what becomes of silver after an hour at noon")


@dataclass(frozen=True)
class Slot:
    """The place of an address in a document, and how an address is spelled there."""

    url: str
    spell: Callable[[str], str] = str

    def written(self, links: Mapping[str, str]) -> str:
        return self.spell(links.get(self.url, self.url))


Parts = list["str | Slot"]


def within(parts: Parts, escape: Callable[[str], str]) -> Parts:
    """The parts as they stand inside something that needs escapes."""
    return [
        escape(part) if isinstance(part, str) else Slot(part.url, lambda url, inner=part.spell: escape(inner(url)))  # type: ignore[misc]
        for part in parts
    ]


@dataclass
class Truth:
    """What is true of an address: whether it is broken, and which picture it was."""

    kind: str
    broken: bool
    picture: bytes = b""
    copied: bool = False
    """Whether a good copy can be found."""
    size: tuple[int, int] | None = None
    sized: bool = False
    """Whether documents give it that size."""


@dataclass
class Dump:
    """Documents (name -> parts), the truth about addresses, and what is told to the program."""

    documents: dict[str, Parts] = field(default_factory=dict)
    truths: dict[str, Truth] = field(default_factory=dict)
    mapping: dict[str, str] = field(default_factory=dict)
    placeholder: bytes = b""

    def contents(self, links: Mapping[str, str] | None = None) -> dict[str, bytes]:
        """Name -> bytes, with addresses replaced."""
        return {
            name: "".join(part if isinstance(part, str) else part.written(links or {}) for part in parts).encode()
            for name, parts in self.documents.items()
        }


class Maker:
    """Makes the dump, and puts everything on the net that it links to."""

    def __init__(self, net: Internet, folder: Path, seed: int = 1827) -> None:
        self.net, self.folder, self.chance = net, folder, random.Random(seed)
        self.dump = Dump(placeholder=a_picture(self.chance, (30, 10)))
        self.count = 0
        self.posts = 0
        self.removed = a_picture(self.chance, (16, 8))  # stands for Imgur's own, which is known by its address here
        net.show("https://i.imgur.com/removed.png", always(body=self.removed))
        net.show(
            "http://shy.example/robots.txt", always(body=b"User-agent: *\nDisallow: /private/\n", kind="text/plain")
        )

    # What an address is like. Each returns the address.

    def url(self, hosts: Sequence[str] = HOSTS, scheme: str = "https", end: str = ".png") -> str:
        self.count += 1
        odd = self.chance.choice(["", "?v=1&w=2", "?a=b", "", ""])
        return f"{scheme}://{self.chance.choice(hosts)}/p{self.count}/image{self.count % 7}{end}{odd}"

    def id_url(self, host: str) -> str:
        self.count += 1
        return f"https://{host}/Ab{self.count:04}c.png"

    def picture(self, size: tuple[int, int] | None = None, form: str = "PNG") -> bytes:
        chosen = size or (self.chance.randrange(8, 40), self.chance.randrange(8, 40))
        return a_picture(self.chance, chosen, form)

    def live(self) -> str:
        url, picture = self.url(), self.picture(form=self.chance.choice(["PNG", "JPEG", "GIF", "WEBP"]))
        if self.chance.random() < 0.2:
            moved = self.url()
            self.net.show(moved, always(body=picture))
            self.net.show(url, always(302, location=moved))
        elif self.chance.random() < 0.15:
            url = "http" + url[5:]  # to be had by https as well
            self.net.show(url, always(body=picture))
        else:
            self.net.show(url, always(body=picture))
        self.dump.truths[url] = Truth("live", False, picture)
        if self.chance.random() < 0.3:
            getattr(self, self.chance.choice(["_stumbling", "_no_heads", "_always_new", "_mislabelled"]))(url, picture)
        return url

    def _stumbling(self, url: str, picture: bytes) -> None:
        """404 at the first look, there at the second."""
        asked = {"HEAD": 0, "GET": 0}

        def page(request: Request) -> Reply:
            asked[request.method] += 1
            return (
                Reply(200, picture) if asked[request.method] > 1 else Reply(404, b"<html>try again</html>", "text/html")
            )

        self.net.show(url, page)

    def _no_heads(self, url: str, picture: bytes) -> None:
        """Answers HEAD as if there were nothing."""
        status = self.chance.choice([404, 405, 501])
        self.net.show(url, lambda request: Reply(200 if request.method == "GET" else status, picture))

    def _always_new(self, url: str, picture: bytes) -> None:
        """Another picture at each request, as counters and webcams have it."""
        self.net.show(url, lambda _: Reply(200, a_picture(self.chance, (self.chance.randrange(9, 99), 7))))

    def _mislabelled(self, url: str, picture: bytes) -> None:
        """A picture that its host calls something else."""
        self.net.show(
            url, always(body=picture, kind=self.chance.choice(["text/plain", "application/octet-stream", ""]))
        )

    def unknown(self) -> str:
        kind = self.chance.choice(["503", "429", "403", "silent", "robots"])
        picture = self.picture()
        url = self.url(["shy.example"]) if kind != "silent" else self.url(["down.example"])
        if kind == "robots":
            url = url.replace("/p", "/private/p", 1)
        status = {"silent": 0, "robots": 200}.get(kind) if not kind.isdecimal() else int(kind)
        self.net.show(url, always(status or 0, picture))
        self.dump.truths[url] = Truth(f"unknown: {kind}", False, picture)
        return url

    def http_only(self) -> str:
        url, picture = self.url(OLD_HOSTS, "http"), self.picture()
        self.net.show(url, always(body=picture))
        self.dump.truths[url] = Truth("http-only", True, picture, copied=True)
        return url

    def blocked(self) -> str:
        url, picture = self.url(), self.picture()
        other = self.chance.choice(
            [
                Reply(403, b"no", "text/plain"),
                Reply(200, self.dump.placeholder),
                Reply(200, b"<html>ad</html>", "text/html"),
            ]
        )
        self.net.show(url, only_own_pages(Reply(200, picture), other))
        self.dump.truths[url] = Truth("hot-link-blocked", True, picture, copied=True)
        return url

    def gone(self, id_host: str = "") -> str:
        """Dead or replaced by a placeholder; what copies there are comes from `copies`."""
        kind = self.chance.choice(
            ["404", "410", "page", "empty", "own placeholder"] if not id_host else ["404", "removed"]
        )
        url = self.id_url(id_host) if id_host else self.url(end=self.chance.choice([".png", ".jpg", ""]))
        if kind.isdecimal():
            self.net.show(url, always(int(kind), b"<html>gone</html>", "text/html"))
        elif kind == "removed":
            self.net.show(url, always(302, location="https://i.imgur.com/removed.png"))
        else:
            body = {"page": b"<html>welcome</html>", "empty": b"", "own placeholder": self.dump.placeholder}[kind]
            self.net.show(url, always(200, body, "text/html" if kind == "page" else "image/png"))
        size = (self.chance.randrange(8, 40), self.chance.randrange(8, 40))
        self.dump.truths[url] = Truth(kind, True, self.picture(size), size=size)
        self.copies(url, self.dump.truths[url], id_host)
        return url

    def copies(self, url: str, truth: Truth, id_host: str) -> None:
        """Where a good copy is, or something that looks like one."""
        kinds = [*COPIES, *(["same id", "id in folder"] if id_host == "i.stack.imgur.com" else [])]
        kind = self.chance.choice(kinds)
        truth.kind += f", copy: {kind}"
        truth.copied = kind not in NO_COPIES
        getattr(self, "_" + kind.replace(" ", "_").replace(",", ""))(url, truth)

    def capture(self, url: str, body: bytes, year: int = 2015, **more: object) -> None:
        self.net.wayback.captures.append(Capture(f"{year}0101000000", url, body, **more))  # type: ignore[arg-type]

    def _none(self, url: str, truth: Truth) -> None:
        pass

    def _one_capture(self, url: str, truth: Truth) -> None:
        self.capture(url, truth.picture)

    def _captures_of_all_kinds(self, url: str, truth: Truth) -> None:
        self.capture(url, truth.picture, 2012)
        self.capture(url, truth.picture, 2013)
        self.capture(url, b"<html>moved</html>", 2014, kind="text/html")
        self.capture(url, self.dump.placeholder, 2016)
        self.capture(url, b"", 2017, status=302, kind="image/png", location="https://i.imgur.com/removed.png")
        self.capture(url, b"<html>really</html>", 2018, kind="image/png")

    def _cut_capture(self, url: str, truth: Truth) -> None:
        self.capture(url, truth.picture[: len(truth.picture) // 2])

    def _two_different_captures(self, url: str, truth: Truth) -> None:
        self.capture(url, truth.picture, 2012)
        self.capture(url, self.picture(truth.size), 2016)

    def _captures_told_apart_by_shape(self, url: str, truth: Truth) -> None:
        assert truth.size
        truth.sized = True
        self.capture(url, self.picture((truth.size[0] + 30, truth.size[1])), 2012)
        self.capture(url, truth.picture, 2016)

    def _capture_of_another_shape(self, url: str, truth: Truth) -> None:
        assert truth.size
        truth.sized = True
        self.capture(url, self.picture((truth.size[0] + 30, truth.size[1])))

    def _another_archive(self, url: str, truth: Truth) -> None:
        self.net.arquivo.captures.append(Capture("20100101000000", url, truth.picture))

    def _mapping(self, url: str, truth: Truth) -> None:
        path = self.folder / "told" / f"{len(self.dump.mapping)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(truth.picture)
        self.dump.mapping[url] = str(path)

    def _path_in_folder(self, url: str, truth: Truth) -> None:
        path = self.folder / "saved" / re.sub(r"\?.*", "", url.partition("://")[2])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(truth.picture)

    def _same_name_in_folder(self, url: str, truth: Truth) -> None:
        """Another picture that only has the same name, which ids of hosts never do."""
        name = re.sub(r"\?.*", "", url).rpartition("/")[2]
        if name.startswith("image") and "." in name:
            path = self.folder / "saved" / "desk" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.picture())

    def _id_in_folder(self, url: str, truth: Truth) -> None:
        path = self.folder / "saved" / "ids" / url.rpartition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(truth.picture)

    def _same_id(self, url: str, truth: Truth) -> None:
        self.net.show(url.replace("i.stack.imgur.com", "i.sstatic.net"), always(body=truth.picture))

    # Posts.

    def link(self) -> str:
        roll = self.chance.random()
        for limit, make in (
            (0.42, self.live),
            (0.52, self.unknown),
            (0.60, self.http_only),
            (0.68, self.blocked),
            (0.76, lambda: self.gone("i.imgur.com")),
            (0.84, lambda: self.gone("i.stack.imgur.com")),
        ):
            if roll < limit:
                return make()
        return self.gone()

    def words(self) -> str:
        return " ".join(self.chance.choices(WORDS, k=self.chance.randrange(3, 12)))

    def sized(self, url: str) -> tuple[int, int] | None:
        truth = self.dump.truths[url]
        return truth.size if truth.sized else None

    def html_post(self) -> Parts:
        self.posts += 1
        parts: Parts = [f"<p>{self.words()} &amp; so on</p>\n"]
        for _ in range(self.chance.randrange(1, 4)):
            url = self.link()
            size = self.sized(url)
            given = f' width="{size[0]}" height="{size[1]}"' if size else ""
            quote = self.chance.choice("\"'")
            parts += [f"<p><img{given} alt={quote}a & b{quote} src={quote}", Slot(url, _attribute), f"{quote}></p>\n"]
            if self.chance.random() < 0.2 and not size:
                other = self.link() if self.chance.random() < 0.3 else url
                if not self.sized(other):
                    parts += ["<picture><source srcset='", Slot(other, _attribute), " 2x'></picture>\n"]
        parts.append(f'<pre><code>&lt;img src="https://{HOSTS[0]}/code.png"&gt;</code></pre>\n<!-- ')
        parts.append(f'<img src="https://{HOSTS[0]}/comment.png"> -->\n')
        return parts

    def markdown_post(self) -> Parts:
        self.posts += 1
        parts: Parts = [f"{self.words()}\n\n"]
        ends: Parts = []
        for number in range(self.chance.randrange(1, 4)):
            url = self.link()
            size = self.sized(url)
            if size:
                parts += [f"![{self.words()}|{size[0]}x{size[1]}](", Slot(url), ")\n\n"]
                continue
            match self.chance.randrange(5):
                case 0:
                    parts += ["![a \\] b](<", Slot(url), f'> "{self.words()}") {self.words()}\n\n']
                case 1:
                    parts += [f"[![{self.words()}][{number}]][{number}]\n\n"]
                    ends += [f"\n  [{number}]: ", Slot(url), "\n"]
                case 2:
                    parts += ["> - ![x](", Slot(url), ")\n\n"]
                case 3:
                    parts += ['Text <img alt="a > b" src="', Slot(url, _attribute), '"> more\n\n']
                case _:
                    parts += ["![](", Slot(url), ")\n\n"]
        decoys = (
            f"```\n![](https://{HOSTS[1]}/fence.png)\n```\n\n`![](https://{HOSTS[1]}/span.png)` \\![](relative.png)\n\n"
        )
        return [*parts, decoys, f"    ![](https://{HOSTS[1]}/indented.png)\n\nend\n", *ends]

    def rst_post(self) -> Parts:
        self.posts += 1
        parts: Parts = [f"{self.words()}\n\n"]
        for number in range(self.chance.randrange(1, 3)):
            url = self.link()
            size = self.sized(url)
            kind = self.chance.choice([".. image:: ", ".. figure:: ", f".. |p{self.count}x{number}| image:: "])
            parts += [
                kind,
                Slot(url),
                f"\n   :width: {size[0]}\n   :height: {size[1]}px\n\n" if size else "\n   :alt: x\n\n",
            ]
        return [
            *parts,
            f"Code::\n\n   .. image:: https://{HOSTS[2]}/literal.png\n\n.. note\n   ![](https://{HOSTS[2]}/c.png)\n\n",
        ]

    def latex_post(self) -> Parts:
        self.posts += 1
        parts: Parts = [f"{self.words()} 5\\% % \\includegraphics{{https://{HOSTS[3]}/comment.png}}\n"]
        for _ in range(self.chance.randrange(1, 3)):
            url = self.link()
            while self.sized(url):
                url = self.link()
            parts += ["\\includegraphics[width=3cm]{", Slot(url, lambda text: text.replace("&", "\\&")), "}\n"]
        return [*parts, f"\\verb|\\includegraphics{{https://{HOSTS[3]}/verb.png}}|\n\n"]

    def make(self) -> Dump:
        """All documents."""
        escape_json: Callable[[str], str] = lambda text: json.dumps(text)[1:-1]  # noqa: E731
        slashed: Callable[[str], str] = lambda text: escape_json(text).replace("/", "\\/")  # noqa: E731
        attribute: Callable[[str], str] = lambda text: html.escape(text).replace("\n", "&#xA;")  # noqa: E731
        docs = self.dump.documents
        for name, posts, field_, post in (
            ("stack/Posts.xml", 380, "Body", self.html_post),
            ("stack/PostHistory.xml", 100, "Text", self.markdown_post),
        ):
            rows: Parts = ['\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n']
            for number in range(posts):
                rows += [
                    f'  <row Id="{number}" Title={quoteattr(self.words())} {field_}="',
                    *within(post(), attribute),
                    '" />\r\n',
                ]
            docs[name] = [*rows, "</posts>"]
        topics: Parts = ['{"post_stream": {"posts": [']
        for number in range(140):
            topics += [
                ", " if number else "",
                f'{{"id": {number}, "raw": "',
                *within(self.markdown_post(), escape_json),
            ]
            topics += ['", "cooked": "', *within(self.html_post(), slashed), '"}']
            self.posts -= 1  # it is the same one
        docs["discourse/topic.json"] = [*topics, "]}}\n"]
        for number in range(120):
            docs[f"notes/{number % 10}/ä note {number}.md"] = self.markdown_post()
        for number in range(60):
            docs[f"pages/{number}.html"] = ["<!DOCTYPE html><html><body>", *self.html_post(), "</body></html>"]
        docs["book/chapter.rst"] = [part for _ in range(40) for part in self.rst_post()]
        docs["book/chapter.tex"] = [part for _ in range(40) for part in self.latex_post()]
        cells: Parts = ['{"cells": [']
        for number in range(120):
            lines = within(self.markdown_post(), lambda text: escape_json(text).replace("\\n", '\\n",\n   "'))
            cells += [", " if number else "", '{"cell_type": "markdown", "metadata": {}, "source": ["', *lines, '"]}']
        output = f'{{"cell_type": "code", "outputs": [{{"text": "![](https://{HOSTS[4]}/out.png)"}}], "source": []}}'
        docs["lab/notebook.ipynb"] = [*cells, f', {output}], "nbformat": 4, "nbformat_minor": 5, "metadata": {{}}}}']
        assert self.posts == POSTS
        used = {part.url for parts in docs.values() for part in parts if isinstance(part, Slot)}
        self.dump.truths = {url: truth for url, truth in self.dump.truths.items() if url in used}
        return self.dump


COPIES = (
    "none",
    "one capture",
    "one capture",
    "captures of all kinds",
    "cut capture",
    "two different captures",
    "captures told apart by shape",
    "capture of another shape",
    "another archive",
    "mapping",
    "path in folder",
    "same name in folder",
)
NO_COPIES = {"none", "cut capture", "two different captures", "capture of another shape", "same name in folder"}


def _attribute(url: str) -> str:
    return url.replace("&", "&amp;")
