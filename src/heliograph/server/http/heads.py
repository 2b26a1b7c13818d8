"""The heads of requests as programs write them, made into such as the HTTP parser reads.

Two things that every web server in front of Imgur took, and the parser does not. A program that would rather speak
HTTP/2 asks by `Upgrade: h2c` (Java's HttpClient does, in its first request, and curl --http2): a server may go on as if
that were not there (RFC 9110 section 7.8), but the parser then leaves the body unread. And scripts write texts into the
query as they are, with blanks and letters that should have been percent-encoded.
"""

import re

_REQUEST_LINE = re.compile(rb"(\s*[A-Z]+ )([^\r\n]*)( HTTP/\d\.\d\r?\n)")
_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*(?=\r\n[^ \t])", re.IGNORECASE)
"""A whole line of it. Without a part of one, what comes later would belong to the line before, such as to the length of
the body, and end it elsewhere than a proxy in front read it.
"""
_TO_BE_ENCODED = re.compile(rb"[^!-~]")


def tidied(data: bytes) -> bytes:
    """The first bytes of a request that came together, as the parser wants them; what follows its head is untouched.

    Nearly all heads are as they should be, which takes a microsecond to see.
    """
    end = data.find(b"\r\n\r\n")
    head = data[: end + 4] if end >= 0 else data
    line = head[: head.find(b"\r\n", 2)]
    if line.count(b" ") == 2 and line.isascii() and b"\r\nupgrade:" not in head.lower():
        return data
    rest = data[len(head) :]
    if (found := _REQUEST_LINE.match(head)) is not None:
        target = _TO_BE_ENCODED.sub(lambda byte: b"%%%02X" % byte[0][0], found[2].strip(b" "))
        head = found[1] + target + found[3] + head[found.end() :]
    return _UPGRADE.sub(b"", head) + rest
