"""Programs of Debian, and its libraries, called by a driver as the pages did that handed the call around."""

import sys

from tests.clients.installed import DRIVERS
from tests.clients.program import Program

_V3 = "Imgur v3"
_CLIENT_ID = "Authorization:Client-ID 0123456789abcde"
_LINK = r'"link":"([^"]*)"'
_HTTP_MIME = ("httpclient", "httpmime", "httpcore", "commons-logging", "commons-codec")
_OLD_HTTP = ("commons-httpclient", "commons-logging", "commons-codec")


def _told_in_json(name: str, language: str, command: tuple[str, ...], dialect: str = "Imgur v1") -> Program:
    """A library of Debian's that a driver calls; the driver prints JSON."""
    return Program(name, "Debian's", language, dialect, "Debian", command)


def _stack_java(name: str, driver: str, jars: tuple[str, ...]) -> Program:
    """Java's call of a palette for Mathematica; the palette reads the call of the function in the script."""
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in jars)
    return Program(
        name, "Debian's", "Java", "Stack Exchange", "Debian",
        ("java", "-cp", path, str(DRIVERS / f"{driver}.java"), "{picture}"),
        link=r'<script>window\.parent\.closeDialog\("([^"]*)"\);',
    )  # fmt: skip


def _java(how: str) -> Program:
    """Apache HttpMime; its part has a file name or none."""
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in _HTTP_MIME)
    return Program(
        f"HttpMime ({how} part)", "Debian's", "Java", "Imgur v1", "Debian",
        ("java", "-cp", path, str(DRIVERS / "Upload.java"), how, "{picture}", "{key}"),
        link=r"<original_image>([^<]*)</original_image>",
    )  # fmt: skip


def _java_v3(name: str, source: str, *jars: str) -> Program:
    """A Java program that goes by TLS."""
    path = ":".join(["."] + [f"/usr/share/java/{jar}.jar" for jar in jars])
    return Program(
        name, "Debian's", "Java", _V3, "Debian",
        ("sh", str(DRIVERS / "java_with_tls.sh"), path, str(DRIVERS / source), "{picture}"),
        link=_LINK,
        delete=r'"deletehash":"([^"]*)"',
    )  # fmt: skip


FROM_DEBIAN: tuple[Program, ...] = (
    Program(
        "curl", "Debian's", "shell", "Imgur v1", "Debian",
        ("curl", "-sS", "-F", "key={key}", "-F", "image=@{picture}", "http://imgur.com/api/upload.xml"),
        ("curl", "-sS", "http://imgur.com/api/delete/{delete}.xml"),
        link=r"<original_image>([^<]*)</original_image>",
        delete=r"<delete_hash>([^<]*)</delete_hash>",
    ),
    Program(
        "curl", "Debian's", "shell", "Imgur v2", "Debian",
        ("curl", "-sS", "-F", "key={key}", "-F", "image=@{picture}", "https://api.imgur.com/2/upload.xml"),
        ("curl", "-sS", "https://api.imgur.com/2/delete/{delete}.xml"),
        link=r"<original>([^<]*)</original>",
        delete=r"<deletehash>([^<]*)</deletehash>",
    ),
    Program(
        "curl", "Debian's", "shell", "Stack Exchange", "Debian",
        ("curl", "-sS", "-F", "file=@{picture}", "https://stackoverflow.com/upload/image?method=json"),
        link=r'"UploadedImage":"([^"]*)"',
    ),
    Program(
        "lua-socket", "Debian's", "Lua", "Imgur v2", "Debian",
        ("lua5.3", str(DRIVERS / "upload.lua"), "{picture}", "{key}"),
        link=r'"original":"([^"]*)"',
        delete=r'"deletehash":"([^"]*)"',
    ),
    Program(
        "pycurl", "Debian's", "Python", "Imgur v2", "Debian",
        ("/usr/bin/python3", str(DRIVERS / "upload_pycurl.py"), "{picture}", "{key}"),
        link=r"<original>([^<]*)</original>",
    ),
    _stack_java("HttpMime (palette of 2013)", "StackUpload", _HTTP_MIME),
    _stack_java("commons-httpclient (palette of 2012)", "OldStackUpload", _OLD_HTTP),
    _told_in_json("curl (fkey)", "PHP", ("php", str(DRIVERS / "stack.php"), "{picture}"), "Stack Exchange"),
    _told_in_json(
        "the apps' call", "JavaScript", ("node", str(DRIVERS / "stack_mobile.cjs"), "{picture}", "{token}"),
        "Stack Exchange mobile",
    ),
    _told_in_json("HTTParty", "Ruby", ("ruby", str(DRIVERS / "httparty.rb"), "form", "{picture}", "{key}")),
    _told_in_json("HTTParty (query)", "Ruby", ("ruby", str(DRIVERS / "httparty.rb"), "query", "-", "{key}", "{url}")),
    _told_in_json("curl (array)", "PHP", ("php", str(DRIVERS / "upload.php"), "array", "{picture}", "{key}")),
    _told_in_json("curl (form)", "PHP", ("php", str(DRIVERS / "upload.php"), "form", "{picture}", "{key}")),
    _java("named"),
    _java("unnamed"),
    Program(
        "flameshot", "Debian's", "C++", "Imgur v3", "Debian",
        ("sh", str(DRIVERS / "flameshot.sh")),
        link=r"imgur-\w+-(\S+)",
        delete=r"imgur-(\w+)-",
        screenshot=True,
    ),
    Program(
        "ksnip", "Debian's", "C++", "Imgur v3", "Debian",
        ("sh", str(DRIVERS / "ksnip.sh")),
        link=r"(https?://\S+)",
        screenshot=True,
    ),
    Program(
        "xfce4-screenshooter", "Debian's", "C", "Imgur v3", "Debian",
        ("sh", str(DRIVERS / "xfce4_screenshooter.sh")),
        screenshot=True,
    ),
    Program(
        "KDE Purpose (its plug-in)", "Debian's", "C++", "Imgur v3", "Debian",
        ("sh", str(DRIVERS / "purpose.sh"), "{picture}"),
    ),
    Program(
        "Shutter (its plug-in)", "Debian's", "Perl", "Imgur v3", "Debian",
        ("xvfb-run", "-a", "perl", str(DRIVERS / "shutter.pl"), "{picture}"),
    ),
    Program(
        "knitr", "Debian's", "R", "Imgur v3", "Debian",
        ("Rscript", "-e", "cat(knitr::imgur_upload(commandArgs(TRUE)[1], key = '0123456789abcde'))", "{picture}"),
        link=r"(https?://\S+)",
    ),
    Program(
        "curl", "Debian's", "shell", "Imgur v3", "Debian",
        ("curl", "-sS", "-H", _CLIENT_ID, "-F", "image=@{picture}", "https://api.imgur.com/3/image"),
        ("curl", "-sS", "-X", "DELETE", "-H", _CLIENT_ID, "https://api.imgur.com/3/image/{delete}"),
        link=_LINK,
        delete=r'"deletehash":"([^"]*)"',
    ),
    Program(
        "Wget", "Debian's", "shell", "Imgur v3", "Debian",
        ("wget", "-qO-", f"--header={_CLIENT_ID}", "--post-file={picture}", "https://api.imgur.com/3/upload"),
        link=_LINK,
    ),
    Program(
        "HTTPie", "Debian's", "Python", "Imgur v3", "Debian",
        ("http", "--ignore-stdin", "--form", "POST", "https://api.imgur.com/3/image", _CLIENT_ID, "image@{picture}"),
        link=_LINK,
    ),
    _told_in_json("jQuery, in Chromium", "JavaScript", (sys.executable, str(DRIVERS / "jquery_.py"), "{picture}"), _V3),
    _told_in_json("LWP", "Perl", ("perl", str(DRIVERS / "upload_lwp.pl"), "{picture}"), _V3),
    _told_in_json("Guzzle", "PHP", ("php", str(DRIVERS / "guzzle.php"), "{picture}"), _V3),
    _told_in_json("streams", "PHP", ("php", str(DRIVERS / "streams.php"), "{picture}"), _V3),
    _told_in_json("curb", "Ruby", ("ruby", str(DRIVERS / "curb.rb"), "{picture}"), _V3),
    Program(
        "rest-client", "Debian's", "Ruby", "Imgur v3", "Debian",
        ("ruby", str(DRIVERS / "rest_client.rb"), "upload", "{picture}"),
        ("ruby", str(DRIVERS / "rest_client.rb"), "remove", "{delete}"),
    ),
    _java_v3("HttpURLConnection", "UrlConnection.java"),
    _java_v3("OkHttp", "OkHttpUpload.java", "okhttp", "okio"),
    _told_in_json("SWI-Prolog", "Prolog", ("swipl", str(DRIVERS / "upload_swi.pl"), "{picture}"), _V3),
    Program(
        "RCurl", "Debian's", "R", "Imgur v2", "Debian",
        ("Rscript", str(DRIVERS / "upload_rcurl.R"), "{key}", "{picture}"),
        link=r"<original>([^<]*)</original>",
    ),
    Program(
        "http and tls", "Debian's", "Tcl", "Imgur v3", "Debian",
        ("tclsh", str(DRIVERS / "upload.tcl"), "{picture}"),
        link=r"<link>([^<]*)</link>",
    ),
    Program(
        "httpc", "Debian's", "Erlang", "Imgur v3", "Debian",
        ("escript", str(DRIVERS / "upload.erl"), "{picture}"),
        link=r"<link>([^<]*)</link>",
    ),
    Program(
        "post-url", "Debian's", "newLISP", "Imgur v2", "Debian",
        ("newlisp", str(DRIVERS / "upload.lsp"), "{picture}", "{key}"),
        link=r'"original":"([^"]*)"',
    ),
)  # fmt: skip
