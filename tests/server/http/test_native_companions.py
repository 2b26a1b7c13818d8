"""Sources and SVGs over HTTP: sent in every shape, told, served, shown on the page, and removed."""

import base64
import hashlib
import time
from pathlib import Path

import httpx2
import pytest

from heliograph.server.companions import LONGEST
from tests.running import picture, serving
from tests.server.http.test_native import failure

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="9" height="9" fill="#f00"/></svg>'
ACTING = SVG.replace("<rect", '<script>alert(1)</script><rect onload="alert(1)"')
CODE = "plt.plot([1, 2])  # <b>é</b> & more\n" * 3


def send(http: httpx2.Client, shape: str, **beside: str) -> httpx2.Response:
    content = picture()
    if shape == "json":
        body = {"image": base64.b64encode(content).decode(), **beside}
        return http.post("/api/v1/images", json=body)
    files = {name: (f"{name}.txt", text.encode()) for name, text in beside.items() if shape == "files"}
    data = beside if shape == "fields" else {}
    return http.post("/api/v1/images", files={"image": ("a.png", content), **files}, data=data)


@pytest.mark.parametrize("shape", ["fields", "files", "json"])
def test_a_source_and_an_svg_come_back_in_every_shape(http: httpx2.Client, shape: str) -> None:
    sent = send(http, shape, source=CODE, vector=SVG).json()
    assert sent["source_link"].endswith(f"/api/v1/images/{sent['id']}/source")
    assert sent["vector_link"] == sent["link"].replace(".png", ".svg")
    told = http.get(f"/api/v1/images/{sent['id']}").json()
    assert (told["source_link"], told["vector_link"]) == (sent["source_link"], sent["vector_link"])
    source = http.get(sent["source_link"])
    assert (source.text, source.headers["content-type"]) == (CODE, "text/plain; charset=utf-8")
    assert source.headers["x-content-type-options"] == "nosniff"


def test_an_image_without_them_tells_of_none(http: httpx2.Client) -> None:
    sent = send(http, "fields").json()
    assert not {"source_link", "vector_link"} & sent.keys()
    assert failure(http.get(f"/api/v1/images/{sent['id']}/source")) == (404, "NotFound")
    answer = http.get(f"/{sent['id']}.svg")  # any extension finds the picture
    assert answer.headers["content-type"] == "image/png"
    assert "<details class=" not in http.get(f"/{sent['id']}").text


def test_an_svg_is_served_clean_and_may_do_nothing(http: httpx2.Client) -> None:
    sent = send(http, "fields", vector=ACTING).json()
    answer = http.get(sent["vector_link"])
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "alert" not in answer.text
    assert 'fill="#f00"' in answer.text
    unchanged = http.get(sent["vector_link"], headers={"if-none-match": answer.headers["etag"]})
    assert unchanged.status_code == 304
    part = http.get(sent["vector_link"], headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"<svg")
    assert http.get(sent["link"]).headers["content-type"] == "image/png"


def test_the_page_shows_the_source_as_text_and_the_link_of_the_svg(http: httpx2.Client) -> None:
    sent = send(http, "json", source=CODE, vector=SVG).json()
    page = http.get(f"/{sent['id']}").text
    assert "# &lt;b&gt;é&lt;/b&gt; &amp; more" in page
    assert f'value="{sent["vector_link"]}"' in page


def test_their_owner_removes_them_and_nobody_else_does(http: httpx2.Client, owner: httpx2.Client) -> None:
    sent = send(http, "fields", source=CODE, vector=SVG).json()
    place, shown = f"/api/v1/images/{sent['id']}", {"delete_hash": sent["delete_hash"]}
    for kind in ("source", "vector"):
        assert failure(http.delete(f"{place}/{kind}")) == (403, "Forbidden")
        assert failure(owner.delete(f"{place}/{kind}")) == (403, "Forbidden")
        assert http.delete(f"{place}/{kind}", params=shown).status_code == 204
        assert failure(http.delete(f"{place}/{kind}", params=shown)) == (404, "NotFound")
    assert not {"source_link", "vector_link"} & http.get(place).json().keys()
    assert http.get(f"/{sent['id']}.svg").headers["content-type"] == "image/png"
    assert http.get(sent["link"]).status_code == 200


def test_they_go_with_the_image(http: httpx2.Client) -> None:
    sent = send(http, "fields", source=CODE, vector=SVG).json()
    http.delete(f"/api/v1/images/{sent['id']}", params={"delete_hash": sent["delete_hash"]})
    assert failure(http.get(sent["source_link"])) == (410, "Gone")
    assert http.get(sent["vector_link"]).status_code == 410


@pytest.mark.parametrize("shape", ["fields", "files", "json"])
def test_too_long_a_source_is_refused_and_nothing_is_published(owner: httpx2.Client, shape: str) -> None:
    before = owner.get("/api/v1/images").json()["total"]
    assert failure(send(owner, shape, source="x" * (256 * 1024 + 1))) == (413, "TooManyBytes")
    assert failure(send(owner, shape, vector="<svg")) == (400, "BadParameter")
    assert owner.get("/api/v1/images").json()["total"] == before
    assert send(owner, shape, source="x" * (256 * 1024)).status_code == 201


def test_a_host_that_keeps_no_svgs_says_nothing_and_takes_the_picture(tmp_path: Path) -> None:
    with serving(tmp_path, VECTORS="off") as server, httpx2.Client(base_url=server.url) as http:
        sent = send(http, "fields", source=CODE, vector=SVG).json()
        assert "vector_link" not in sent
        assert "source_link" in sent
        assert http.get(f"/{sent['id']}.svg").headers["content-type"] == "image/png"


def test_the_receipt_speaks_of_the_picture_alone(http: httpx2.Client) -> None:
    sent = send(http, "fields", source=CODE, vector=SVG).json()
    payload = sent["receipt"].split(".")[1]
    claims = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    assert sent["sha256"] in claims
    assert ".svg" not in claims


@pytest.mark.parametrize("shape", ["fields", "files", "json"])
def test_the_largest_of_all_three_are_taken_together(tmp_path: Path, shape: str) -> None:
    source = '"\n' * (LONGEST["source"] // 2)
    vector = SVG.replace("<rect", f"<title>{'v' * 900_000}</title><rect")
    largest = len(picture())
    with serving(tmp_path, MAX_BYTES=str(largest)) as server, httpx2.Client(base_url=server.url, timeout=60) as http:
        sent = send(http, shape, source=source, vector=vector)
        assert sent.status_code == 201, sent.text
        assert http.get(sent.json()["source_link"]).text == source


def test_an_svg_that_is_made_to_be_slow_holds_nobody_up(http: httpx2.Client) -> None:
    slow = SVG.replace("<rect", f"<style>{'a' * 400_000}{'/*' * 100_000}{'@a' * 100_000}</style><rect")
    begun = time.monotonic()
    assert send(http, "fields", vector=slow).status_code == 201
    assert time.monotonic() - begun < 20


def test_a_source_whose_bytes_are_lost_leaves_the_page_of_the_picture_there(tmp_path: Path) -> None:
    with serving(tmp_path) as server, httpx2.Client(base_url=server.url, timeout=60) as http:
        sent = send(http, "fields", source=CODE).json()
        lost = hashlib.sha256(CODE.encode()).hexdigest()
        (server.data / "blobs" / lost[:2] / lost).unlink()
        page = http.get(f"/{sent['id']}")
        assert page.status_code == 200
        assert "This cannot be read just now." in page.text
        assert failure(http.get(sent["source_link"])) == (503, "StorageUnavailable")
        assert http.get(sent["link"]).status_code == 200
