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
        "return self._words.reply(request, model)",
        "return self._words.reply(request, model, 201)",
    ),
    Breakage(
        "a field more in the image model",
        "imgurs (Rust) rejects what it does not know",
        "imgur_v3",
        "imgur_v3_models.py",
        '"edited": "0",',
        '"edited": "0", "host": "heliograph",',
    ),
    Breakage(
        "error not first in data",
        "Imgur.API compares the beginning of a failure to the letter",
        "imgur_v3",
        "imgur_v3_words.py",
        'data = {"error": shown, "request": asked_path(request), "method": request.method}',
        'data = {"request": asked_path(request), "method": request.method, "error": shown}',
    ),
    Breakage(
        "404 for a second delete in XML",
        "Greenshot takes only 400 for what is deleted already",
        "imgur_v3",
        "imgur_v3_words.py",
        "status = 400  # Greenshot",
        "status = 404  # Greenshot",
    ),
    Breakage(
        "the newer order of the wrapper",
        "Imgur.API wants data first",
        "imgur_v3",
        "imgur_v3_words.py",
        'wrapped = {"data": content, "success": success, "status": status, **(more or {})}',
        'wrapped = {"status": status, "success": success, "data": content, **(more or {})}',
    ),
    Breakage(
        "other words for a bad token",
        "ShareX refreshes its token on exactly this text",
        "imgur_v3",
        "imgur_v3_words.py",
        '"InvalidToken": (403, "The access token provided is invalid.", None)',
        '"InvalidToken": (403, "The access token is invalid.", None)',
    ),
    Breakage(
        "an object where XML says what went wrong",
        "imgur.sh prints what stands between <error> and </error>",
        "imgur_v3",
        "imgur_v3_words.py",
        "if code is not None and not wants_xml(request):",
        "if code is not None:",
    ),
    Breakage(
        "no slash behind the address of tokens",
        "programs copied from Imgur's example for Python write one",
        "imgur_v3",
        "dispatch.py",
        'return {**scope, "path": path.rstrip("/")}',
        "return scope",
    ),
    Breakage(
        "no CORS in Imgur v1",
        "scripts of pages upload by XMLHttpRequest",
        "imgur_v1",
        "imgur_v1.py",
        '"access-control-allow-origin": "*",',
        "",
    ),
    Breakage(
        "the misspelling of Imgur v2's statistics put right",
        "Eyyub's D library and dwursteisen's Java client read images_veiwed",
        "imgur_v2",
        "imgur_v2.py",
        '"images_veiwed"',
        '"images_viewed"',
    ),
    Breakage(
        "booleans of Imgur v2 as booleans",
        "dwursteisen's Java client reads a word",
        "imgur_v2",
        "imgur_v2_words.py",
        '"animated": str(blob.animated).lower()',
        '"animated": blob.animated',
    ),
    Breakage(
        "404 for a second delete by Imgur v2",
        'Greenshot 2012 takes only 400 for "is gone already"',
        "imgur_v2",
        "imgur_v2.py",
        'raise BadParameter("There is no image with this delete hash, or none any more.") from lost',
        "raise lost",
    ),
    Breakage(
        "JSON where Imgur v2 is asked for no format",
        "Greenshot 2011 and curl one-liners read XML",
        "imgur_v2",
        "imgur_v2_words.py",
        '"_format", "").lower() == "json"',
        '"_format", "").lower() != "xml"',
    ),
    Breakage(
        "no upload by GET",
        "Mathics3 can do nothing else",
        "imgur_v2",
        "routes.py",
        '*_v2("GET POST PUT",        "/2/upload",',
        '*_v2("POST PUT",        "/2/upload",',
    ),
    Breakage(
        "parts that are strictly form-data",
        "GuppieX writes attachment before it",
        "imgur_v2",
        "bodies.py",
        'value.removeprefix("attachment; ")',
        "value",
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
    Breakage(
        "a second script in the page of the Stack Exchange form",
        "the palettes of 2013 to 2020 take the one script there is",
        "stack_web",
        "stack_web.py",
        "<html><head></head>",
        "<html><head><script></script></head>",
    ),
    Breakage(
        "no error written as an empty string",
        "sochat4j takes any quoted string behind `var error =` for a failure",
        "stack_web",
        "stack_web.py",
        "var error = null;",
        "var error = '';",
    ),
    Breakage(
        "a refusal that is not 200",
        "the palette of 2012 reads the page only then",
        "stack_web",
        "stack_web.py",
        "status if status in _TELLS_IN_HTML else 200",
        "status",
    ),
    Breakage(
        "the link not among items",
        "the apps read items[0].url",
        "stack_mobile",
        "stack_mobile.py",
        '{"items": [{"url": url}]',
        '{"items": {"url": url}',
    ),
    Breakage(
        "a status of its own for each failure of the mobile API",
        "it is 400 for every error (wire page stackexchange-mobile, section 3)",
        "stack_mobile",
        "stack_mobile.py",
        "return _reply(request, said, 400, headers)",
        "return _reply(request, said, number, headers)",
    ),
)
