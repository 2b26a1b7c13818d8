"""Deliberate breakages of the wire: each is a small change of the sources that some real client would not survive."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Breakage:
    """In `file` below src/heliograph/server/http, `old` becomes `new`; a transcript of `dialect` must notice.

    why: which client breaks.
    """

    name: str
    why: str
    dialect: str
    file: str
    old: str
    new: str


BREAKAGES = (
    Breakage(
        "a blank after each colon of JSON",
        "imgurbash2 reads it with sed",
        "imgur_v3",
        "replies.py",
        "        return json_reply(content, status, headers)",
        "        spaced = __import__('json').dumps(content)\n"
        "        return Response(spaced, status, {**(headers or {}), 'content-type': 'application/json'})",
    ),
    Breakage(
        "a charset in the type of JSON",
        "obsidian-imgur-plugin and PyImgur 0.x compare the type to the letter",
        "imgur_v3",
        "replies.py",
        'media_type: str = "application/json"',
        'media_type: str = "application/json; charset=utf-8"',
    ),
    Breakage(
        "201 for an upload",
        "ten clients take nothing but 200",
        "imgur_v3",
        "imgur_v3.py",
        "return self._reply(request, model)",
        "return self._reply(request, model, 201)",
    ),
    Breakage(
        "XML without its declaration on a line of its own",
        "imgurder drops the first line",
        "imgur_v1",
        "replies.py",
        '<?xml version="1.0" encoding="utf-8"?>\\n',
        '<?xml version="1.0" encoding="utf-8"?>',
    ),
    Breakage(
        "stat in single quotes",
        'jomo\'s imgur-screenshot looks for stat="ok"',
        "imgur_v1",
        "imgur_v1.py",
        "' stat=\"ok\"'",
        "\" stat='ok'\"",
    ),
    Breakage(
        "another number for a delete hash that is used up",
        "the Android Imgur Uploader takes 4002, and nothing else, for a picture that is gone already",
        "imgur_v1",
        "imgur_v1.py",
        "code = 4002",
        "code = 9000",
    ),
    Breakage(
        "the links of JSON where those of XML are",
        "the gem imgur and twolfson's script read rsp.image",
        "imgur_v1",
        "imgur_v1.py",
        '"stat": "ok", "image": fields',
        '"stat": "ok", **fields',
    ),
    Breakage(
        "every failure in rsp",
        "the gem imgur looks for error in what is no upload",
        "imgur_v1",
        "imgur_v1.py",
        'if not path.startswith("/api/upload"):',
        "if False:",
    ),
    Breakage(
        "a gallery that is a list",
        "programs go through an object by hash",
        "imgur_v1",
        "imgur_v1.py",
        "shown if _wants_json(request) else list(shown.values())",
        "list(shown.values())",
    ),
    Breakage(
        "no HEAD of pictures",
        "imgur2 asks so for the link that it was given",
        "links",
        "images.py",
        'if scope["method"] not in ("GET", "HEAD"):',
        'if scope["method"] != "GET":',
    ),
    Breakage(
        "an animation's file in place of its page",
        "people open ShareX's links that end in gifv in a browser",
        "links",
        "../links.py",
        "(?!gifv\\Z)",
        "",
    ),
    Breakage(
        "a picture by its own extension only",
        "ShareX asks for thumbnails by .jpg, Greenshot by .png, xfce4-screenshooter for everything by .png",
        "links",
        "images.py",
        "if ref.extension.lower() in _VIDEO:",
        "if ref.extension != BY_MEDIA_TYPE[variant.media_type].extension:",
    ),
)
