"""How each dialect is spoken by a client: every body shape as a request, and what the answer says, in one form."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes
from xml.etree import ElementTree

import httpx2

KEY = "0123456789abcdef0123456789abcdef"
CLIENT_ID = {"authorization": "Client-ID 0123456789abcde"}
FORM = "application/x-www-form-urlencoded"

Request = dict[str, Any]


@dataclass(frozen=True)
class Dialect:
    """A dialect's upload: where to, with which fields and headers, and how its answers are read.

    `link` gives (direct link, delete hash) of a success; `failure` the code and text of a failure.
    """

    name: str
    path: str
    fields: dict[str, str]
    headers: dict[str, str]
    link: Callable[[httpx2.Response], tuple[str, str]]
    failure: Callable[[httpx2.Response], tuple[int, str]]


def _v1_xml(answer: httpx2.Response) -> tuple[str, str]:
    root = ElementTree.fromstring(answer.content)
    return root.findtext("original_image") or answer.text, root.findtext("delete_hash") or ""


def _v1_xml_failure(answer: httpx2.Response) -> tuple[int, str]:
    root = ElementTree.fromstring(answer.content)
    assert root.get("stat") == "fail", answer.text
    return int(root.findtext("error_code") or 0), root.findtext("error_msg") or ""


def _v3_failure(answer: httpx2.Response) -> tuple[int, str]:
    said = answer.json()
    assert said["success"] is False, answer.text
    error = said["data"]["error"]
    return (error["code"], error["message"]) if isinstance(error, dict) else (said["status"], error)


def _v1_json(answer: httpx2.Response) -> tuple[str, str]:
    image = answer.json()["rsp"]["image"]
    return image["original_image"], image["delete_hash"]


def _v1_json_failure(answer: httpx2.Response) -> tuple[int, str]:
    failed = answer.json()["rsp"]
    assert failed["stat"] == "fail", answer.text
    return failed["error_code"], failed["error_msg"]


def _native_failure(answer: httpx2.Response) -> tuple[int, str]:
    problem = answer.json()
    return problem["status"], problem["name"]


DIALECTS = {
    each.name: each
    for each in (
        Dialect(
            "native", "/api/v1/images", {}, {}, lambda a: (a.json()["link"], a.json()["delete_hash"]), _native_failure
        ),
        Dialect("v1-xml", "/api/upload.xml", {"key": KEY}, {}, _v1_xml, _v1_xml_failure),
        Dialect("v1-json", "/api/upload.json", {"key": KEY}, {}, _v1_json, _v1_json_failure),
        Dialect(
            "v3",
            "/3/image",
            {},
            CLIENT_ID,
            lambda a: (a.json()["data"]["link"], a.json()["data"]["deletehash"]),
            _v3_failure,
        ),
    )
}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _part(content: bytes, fields: dict[str, str], headers: str) -> Request:
    """A multipart body made by hand: the picture's part has these headers and nothing else."""
    parts = [
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields.items()
    ]
    parts.append(f"--B\r\n{headers}\r\n\r\n".encode() + content + b"\r\n--B--\r\n")
    return {"content": b"".join(parts), "headers": {"content-type": "multipart/form-data; boundary=B"}}


SHAPES: dict[str, Callable[[bytes, dict[str, str]], Request]] = {
    "multipart file": lambda content, fields: {"files": {"image": ("picture", content)}, "data": fields},
    "multipart part without filename": lambda content, fields: _part(
        content, fields, 'Content-Disposition: form-data; name="image"'
    ),
    "multipart base64": lambda content, fields: _part(
        _base64(content).encode(), fields, 'Content-Disposition: form-data; name="image"'
    ),
    "urlencoded base64": lambda content, fields: {"data": {**fields, "image": _base64(content)}},
    "urlencoded bytes": lambda content, fields: {
        "content": b"image=" + quote_from_bytes(content).encode(), "params": fields, "headers": {"content-type": FORM},
    },
    "JSON base64": lambda content, fields: {"json": {**fields, "image": _base64(content)}},
    "raw bytes": lambda content, fields: {
        "content": content, "params": fields, "headers": {"content-type": "application/octet-stream"},
    },
    "raw bytes labelled as a form": lambda content, fields: {
        "content": content, "params": fields, "headers": {"content-type": FORM},
    },
    "bare base64": lambda content, fields: {
        "content": _base64(content).encode(), "params": fields, "headers": {"content-type": "text/plain"},
    },
}  # fmt: skip
"""Every way of sending the bytes themselves; an address is sent by `by_address`."""

BY_ADDRESS: dict[str, Callable[[str, dict[str, str]], Request]] = {
    "address in a form": lambda url, fields: {"data": {**fields, "image": url}},
    "address in the query": lambda url, fields: {"params": {**fields, "image": url}},
}


def send(http: httpx2.Client, dialect: Dialect, request: Request) -> httpx2.Response:
    """Upload in a dialect's way."""
    headers = {**request.get("headers", {}), **dialect.headers}
    return http.post(dialect.path, **{**request, "headers": headers})
