"""SVG made harmless: read by expat, and written anew from an allow-list; knows nothing of the server.

What is written can hold no script, no event handler, no page inside, and no address but of itself: an element or an
attribute that is not in the lists below is left out, whatever it is. A document type may be named but not written out,
so there are no entities that could grow. The same SVG always gives the same bytes.
"""

import re
import string
from collections.abc import Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"
MEDIA_TYPE = "image/svg+xml"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DEEPEST = 200
"""Elements inside each other; what is deeper is left out: it could exhaust the stack of a program that draws it."""

ELEMENTS = _words(
    "svg g defs symbol use title desc style path rect circle ellipse line polyline polygon text tspan textPath image "
    "clipPath mask pattern marker linearGradient radialGradient stop filter feBlend feColorMatrix feComponentTransfer "
    "feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA "
    "feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight "
    "feSpecularLighting feSpotLight feTile feTurbulence"
)
"""Elements of SVG 1.1 that draw. Not among them: scripts, pages (foreignObject), and animations: they set addresses."""

UNWRAPPED = _words("a switch")
"""Elements that are left out while what is in them stays."""

ATTRIBUTES = _words(
    "id class x y x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy d points width height viewBox preserveAspectRatio version "
    "transform rotate textLength lengthAdjust startOffset method spacing type media offset pathLength "
    "gradientUnits gradientTransform spreadMethod patternUnits patternContentUnits patternTransform clipPathUnits "
    "maskUnits maskContentUnits markerUnits markerWidth markerHeight refX refY orient filterUnits primitiveUnits "
    "in in2 result mode values operator k1 k2 k3 k4 order kernelMatrix divisor bias targetX targetY edgeMode "
    "preserveAlpha surfaceScale diffuseConstant specularConstant specularExponent kernelUnitLength scale "
    "xChannelSelector yChannelSelector azimuth elevation z pointsAtX pointsAtY pointsAtZ limitingConeAngle "
    "stdDeviation radius baseFrequency numOctaves seed stitchTiles tableValues slope intercept amplitude exponent "
    "alignment-baseline baseline-shift clip clip-path clip-rule color color-interpolation color-interpolation-filters "
    "color-rendering direction display dominant-baseline fill fill-opacity fill-rule filter flood-color flood-opacity "
    "font-family font-size font-size-adjust font-stretch font-style font-variant font-weight image-rendering "
    "letter-spacing lighting-color marker-end marker-mid marker-start mask mask-type opacity overflow paint-order "
    "shape-rendering stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin "
    "stroke-miterlimit stroke-opacity stroke-width text-anchor text-decoration text-rendering unicode-bidi "
    "vector-effect visibility word-spacing writing-mode style role aria-label aria-hidden aria-roledescription"
)

_FUNCTIONS = _words(
    "url rgb rgba hsl hsla calc var min max matrix translate translatex translatey scale scalex scaley rotate skewx "
    "skewy not is where nth-child nth-of-type nth-last-child first-child lang"
)
_IN_NAMES = string.ascii_letters + string.digits + "_-"
_OWN_ADDRESS = re.compile(r"url\(\s*(['\"]?)#[\w.:-]+\1\s*\)", re.ASCII | re.IGNORECASE)
_OF_RULES = re.compile(r"[@;{}]")
_REFERENCE = re.compile(r"#[\w.:-]+", re.ASCII)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+", re.ASCII)


class NoVector(Exception):  # noqa: N818 - named like the failures of `failures`
    """There is no SVG here that can be kept; the text says why."""


def cleaned(svg: bytes) -> bytes:
    """`svg` without anything that acts or reaches out. It is read as UTF-8 whatever it says, or as UTF-16 by its first
    two bytes. Raises NoVector.
    """
    writer = _Writer()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_declarations
    parser.EntityDeclHandler = _refuse_entities
    parser.StartElementHandler = writer.begin
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    try:
        parser.Parse(svg, True)
    except (expat.ExpatError, ValueError) as problem:  # ValueError: an encoding that expat cannot be taught
        raise NoVector(f"It is no well-formed XML: {problem}.") from problem
    return writer.written()


def _refuse_declarations(name: str, _system: str | None, _public: str | None, internal: int) -> None:
    """A document type may be named, as matplotlib and Graphviz do; nothing is ever read from where it points."""
    if internal:
        raise NoVector("Its document type declares things of its own.")
    if name != "svg":
        raise NoVector("Its document type is not svg.")


def _refuse_entities(*_: object) -> None:
    raise NoVector("It declares entities.")


class _Writer:
    """Writes what is allowed of the elements it is told of."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._open: list[str] = []  # an element as it was written; "" of one that was unwrapped
        self._left_out = 0  # how deep inside an element that is left out
        self._style: list[str] | None = None

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if not self._open and not self._pieces and (namespace, local) != (SVG, "svg"):
            raise NoVector("Its root is no svg element of the namespace of SVG.")
        unwrapped = namespace == SVG and local in UNWRAPPED
        allowed = namespace == SVG and local in ELEMENTS
        shallow = len(self._open) < DEEPEST
        if self._left_out or self._style is not None or not (shallow and (allowed or unwrapped)):
            self._left_out += 1
            return
        self._open.append("" if unwrapped else local)
        if local == "style":
            self._style = []
        elif allowed:
            root = f' xmlns="{SVG}" xmlns:xlink="{XLINK}"' if len(self._open) == 1 else ""
            self._pieces.append(f"<{local}{root}{_attributes(local, attributes)}>")

    def end(self, _name: str) -> None:
        if self._left_out:
            self._left_out -= 1
            return
        local = self._open.pop()
        if self._style is not None:
            if sheet := stylesheet("".join(self._style)):
                self._pieces.append(f'<style type="text/css">{escape(sheet)}</style>')
            self._style = None
        elif local:
            self._pieces.append(f"</{local}>")

    def text(self, text: str) -> None:
        if self._left_out:
            return
        if self._style is not None:
            self._style.append(text)
        else:
            self._pieces.append(escape(text))

    def written(self) -> bytes:
        return "".join(self._pieces).encode()


def _attributes(element: str, attributes: Mapping[str, str]) -> str:
    kept = []
    for name, value in sorted(attributes.items()):
        namespace, _, local = name.rpartition(" ")
        if local == "href" and namespace in ("", XLINK):
            if _may_refer(element, value):
                kept.append(f" xlink:href={quoteattr(value.strip())}")
        elif namespace == XML and local in ("space", "lang"):
            kept.append(f" xml:{local}={quoteattr(value)}")
        elif not namespace and local in ATTRIBUTES and (local in ("aria-label", "class", "id") or harmless(value)):
            kept.append(f" {local}={quoteattr(value)}")
    return "".join(dict.fromkeys(kept))


def _may_refer(element: str, address: str) -> bool:
    """Only to what is in the SVG itself, or is written out in the address as pixels."""
    if element == "image":
        return _PICTURE.fullmatch(address.strip()) is not None
    return _REFERENCE.fullmatch(address.strip()) is not None


def harmless(declarations: str) -> bool:
    """Whether CSS, or the value of an attribute, names no address but of the SVG itself, and hides nothing."""
    if any(sign in declarations for sign in "\\@<") or "/*" in declarations:
        return False
    return _functions(_OWN_ADDRESS.sub(" ", declarations)) <= _FUNCTIONS - {"url"}


def _functions(css: str) -> set[str]:
    """The names before opening brackets. No regular expression: those that would do take a square of the time."""
    before = (text.rstrip() for text in css.split("(")[:-1])
    return {text[len(text.rstrip(_IN_NAMES)) :].lower() for text in before} - {""}


def stylesheet(css: str) -> str:
    """A style sheet without comments and rules that begin with @; empty where what is left is not harmless."""
    left = _without_at_rules(_without_comments(css))
    return left.strip() if harmless(left) else ""


def _without_comments(css: str) -> str:
    """What is no comment; one that does not end goes on to the end (CSS Syntax 3 section 4.3.2)."""
    kept, at = [], 0
    while (start := css.find("/*", at)) >= 0:
        kept.append(css[at:start])
        end = css.find("*/", start + 2)
        at = end + 2 if end >= 0 else len(css)
    return "".join([*kept, css[at:]])


def _without_at_rules(css: str) -> str:
    """What is in no rule that begins with @: such a rule ends with its block, or with a semicolon before one."""
    kept, at, depth, inside = [], 0, 0, False
    for found in _OF_RULES.finditer(css):
        sign = found[0]
        if not inside:
            if sign == "@":
                kept.append(css[at : found.start()])
                depth, inside = 0, True
            continue
        depth += (sign == "{") - (sign == "}")
        if depth < 0 or (depth == 0 and sign in ";}"):
            at, inside = (found.start() if depth < 0 else found.end()), False
    return "".join(kept if inside else [*kept, css[at:]])
