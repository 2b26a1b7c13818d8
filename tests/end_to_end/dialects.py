"""How each dialect is spoken by a client: every body shape as a request, and what the answer says, in one form."""

import base64
import re
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

    `link` gives (direct link, delete hash) of a success; `failure` the code and text of a failure. `picture` is the
    field that the picture is in.
    """

    name: str
    path: str
    fields: dict[str, str]
    headers: dict[str, str]
    link: Callable[[httpx2.Response], tuple[str, str]]
    failure: Callable[[httpx2.Response], tuple[int, str]]
    picture: str = "image"


def _v1_xml(answer: httpx2.Response) -> tuple[str, str]:
    root = ElementTree.fromstring(answer.content)
    return root.findtext("original_image") or answer.text, root.findtext("delete_hash") or ""


def _v1_xml_failure(answer: httpx2.Response) -> tuple[int, str]:
    root = ElementTree.fromstring(answer.content)
    assert root.get("stat") == "fail", answer.text
    return int(root.findtext("error_code") or 0), root.findtext("error_msg") or ""


def _v2_xml(answer: httpx2.Response) -> tuple[str, str]:
    root = ElementTree.fromstring(answer.content)
    return root.findtext("links/original") or answer.text, root.findtext("image/deletehash") or ""


def _v2_xml_failure(answer: httpx2.Response) -> tuple[int, str]:
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "error", answer.text
    return answer.status_code, root.findtext("message") or ""


def _v2_json(answer: httpx2.Response) -> tuple[str, str]:
    uploaded = answer.json()["upload"]
    return uploaded["links"]["original"], uploaded["image"]["deletehash"]


def _v2_json_failure(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


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


def _stack_html(answer: httpx2.Response) -> tuple[str, str]:
    link = re.search(r'closeDialog\("(.*)"\)', answer.text)
    return (link[1] if link else answer.text), ""


def _stack_html_failure(answer: httpx2.Response) -> tuple[int, str]:
    said = re.search(r'displayUploadError\("(.*)"\)', answer.text)
    assert said, answer.text
    return answer.status_code, said[1]


def _stack_json_failure(answer: httpx2.Response) -> tuple[int, str]:
    said = answer.json()
    assert said["Success"] is False, answer.text
    return said["Error"], said["ErrorMessage"]


def _mobile_failure(answer: httpx2.Response) -> tuple[int, str]:
    return answer.json()["error_id"], answer.json()["error_message"]


DIALECTS = {
    each.name: each
    for each in (
        Dialect(
            "native", "/api/v1/images", {}, {}, lambda a: (a.json()["link"], a.json()["delete_hash"]), _native_failure
        ),
        Dialect("v1-xml", "/api/upload.xml", {"key": KEY}, {}, _v1_xml, _v1_xml_failure),
        Dialect("v1-json", "/api/upload.json", {"key": KEY}, {}, _v1_json, _v1_json_failure),
        Dialect("v2-xml", "/2/upload", {"key": KEY}, {}, _v2_xml, _v2_xml_failure),
        Dialect("v2-json", "/2/upload.json", {"key": KEY}, {}, _v2_json, _v2_json_failure),
        Dialect(
            "v3",
            "/3/image",
            {},
            CLIENT_ID,
            lambda a: (a.json()["data"]["link"], a.json()["data"]["deletehash"]),
            _v3_failure,
        ),
        Dialect("stack-web", "/upload/image", {}, {}, _stack_html, _stack_html_failure, "filename"),
        Dialect(
            "stack-json",
            "/image/upload",
            {},
            {},
            lambda a: (a.json()["UploadedImage"], ""),
            _stack_json_failure,
            "file",
        ),
        Dialect(
            "stack-mobile",
            "/1/image/upload",
            {"key": KEY, "access_token": "{token}"},
            {},
            lambda a: (a.json()["items"][0]["url"], ""),
            _mobile_failure,
            "image_data",
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


def _named(name: str) -> str:
    return f'Content-Disposition: form-data; name="{name}"'


SHAPES: dict[str, Callable[[bytes, dict[str, str], str], Request]] = {
    "multipart file": lambda content, fields, name: {"files": {name: ("picture", content)}, "data": fields},
    "multipart part without filename": lambda content, fields, name: _part(content, fields, _named(name)),
    "multipart base64": lambda content, fields, name: _part(_base64(content).encode(), fields, _named(name)),
    "urlencoded base64": lambda content, fields, name: {"data": {**fields, name: _base64(content)}},
    "urlencoded bytes": lambda content, fields, name: {
        "content": f"{name}={quote_from_bytes(content)}".encode(), "params": fields, "headers": {"content-type": FORM},
    },
    "JSON base64": lambda content, fields, name: {"json": {**fields, name: _base64(content)}},
    "raw bytes": lambda content, fields, _: {
        "content": content, "params": fields, "headers": {"content-type": "application/octet-stream"},
    },
    "raw bytes labelled as a form": lambda content, fields, _: {
        "content": content, "params": fields, "headers": {"content-type": FORM},
    },
    "bare base64": lambda content, fields, _: {
        "content": _base64(content).encode(), "params": fields, "headers": {"content-type": "text/plain"},
    },
}  # fmt: skip
"""Every way of sending the bytes themselves, in the field of a name; an address is sent by `BY_ADDRESS`."""

BY_ADDRESS: dict[str, Callable[[str, dict[str, str], str], Request]] = {
    "address in a form": lambda url, fields, name: {"data": {**fields, name: url}},
    "address in the query": lambda url, fields, name: {"params": {**fields, name: url}},
}


def shaped(dialect: Dialect, shape: str, sent: bytes | str, token: str = "") -> Request:
    """The request that brings a picture's bytes, or its address, in a shape of SHAPES or BY_ADDRESS.

    `token` is that of an account, for the dialects that have to send one.
    """
    made: Callable[..., Request] = {**SHAPES, **BY_ADDRESS}[shape]
    fields = {name: text.replace("{token}", token) for name, text in dialect.fields.items()}
    return made(sent, fields, dialect.picture)


def send(http: httpx2.Client, dialect: Dialect, request: Request) -> httpx2.Response:
    """Upload in a dialect's way."""
    headers = {**request.get("headers", {}), **dialect.headers}
    return http.post(dialect.path, **{**request, "headers": headers})
