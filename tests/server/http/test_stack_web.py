"""The Stack Exchange upload form as its programs send and read it (wire page stackexchange-web)."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from heliograph.server.errors import CATALOGUE
from heliograph.server.http.stack_web import ANSWERS, _speakable
from tests.running import RunningServer, picture, serving, website
from tests.server.http.stack_readers import HTML_READERS, Refused, comment_upload, scripts, stacks_editor

Read = Callable[[httpx2.Response], str]
FORM = "application/x-www-form-urlencoded"


def with_file(name: str, filename: str = "p.png", media_type: str = "image/png", **fields: str) -> dict[str, Any]:
    """A multipart request with a picture of its own in the part `name`."""
    return {"files": {name: (filename, picture(), media_type)}, "data": fields}


REQUESTS: dict[str, Callable[[], dict[str, Any]]] = {
    "the palette of 2012": lambda: with_file("name", "mmagraphics.png"),
    "the palette of 2013": lambda: with_file("filename", source="computer"),
    "the site's own form, anonymous": lambda: with_file("filename", fkey="0" * 64, source="computer"),
    "an fkey that is an object": lambda: {**with_file("file", fkey="[object Object]"), "params": "https=false"},
    "sochat4j": lambda: with_file("filename", "file.jpg", "application/octet-stream"),
    "go-sechat": lambda: with_file("filename", "untitled"),
    "tragic": lambda: with_file("filename", **{"shadow-filename": "C:\\fakepath\\p.png"}),
    "the palette of 2020": lambda: {**with_file("file", fkey="0" * 64), "params": "method=json?https=true"},
    "a field that nobody has seen": lambda: with_file("whatever", "p.txt", "text/plain"),
    "a part without a filename": lambda: {"files": {"filename": (None, picture(), "image/png")}},
}
"""What real programs send and want HTML for."""


@pytest.mark.parametrize("reader", HTML_READERS)
@pytest.mark.parametrize("shape", REQUESTS)
def test_every_reader_of_html_finds_the_link_whatever_was_sent(shape: str, reader: str, http: httpx2.Client) -> None:
    answer = http.post("/upload/image", **REQUESTS[shape]())
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    got = http.get(HTML_READERS[reader](answer))
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png")


REFUSED: dict[str, Callable[[], dict[str, Any]]] = {
    "words": lambda: {"files": {"filename": ("p.png", b"<b>'only' \"words\"</b>; http://h.example (1);")}},
    "nothing": lambda: {"data": {"source": "computer"}},
    "no web address": lambda: {"data": {"source": "web", "upload-url": "ftp://h.example/<a.png>"}},
    "an address inside": lambda: {"data": {"source": "web", "upload-url": "http://10.0.0.1/a.png"}},
    "a path": lambda: {"data": {"source": "web", "upload-url": r"C:\fakepath\a.png"}},
    "damaged": lambda: {"files": {"filename": ("p.png", picture()[:200])}},
    "too large": lambda: {"files": {"filename": ("p.png", b"\xff\xd8\xff\xe0" + bytes(20 * 1024**2))}},
    "base64 that is none": lambda: {"data": {"filename": "'</script><script>alert(1)</script>'"}},
    "a long field": lambda: {"files": {"filename": ("p.png", picture())}, "data": {"');alert(1);('": "x" * 70_000}},
}


@pytest.mark.parametrize("reader", HTML_READERS)
@pytest.mark.parametrize("shape", REFUSED)
def test_every_reader_of_html_sees_a_refusal_as_one(shape: str, reader: str, http: httpx2.Client) -> None:
    answer = http.post("/upload/image", **REFUSED[shape]())
    assert answer.status_code == 200
    with pytest.raises(Refused):
        HTML_READERS[reader](answer)


def test_the_page_is_as_the_wire_page_says_to_the_byte(http: httpx2.Client) -> None:
    page = http.post("/upload/image", **with_file("filename")).text
    link = re.findall(r'"(.*?)"', page)[0]
    assert page == (
        f'<html><head></head><body><script>window.parent.closeDialog("{link}");\n'
        f"var error = null;\nvar result = '{link}';\n</script></body></html>"
    )
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[A-Za-z0-9]{10}\.png", link)
    page = http.post("/upload/image").text
    assert page == (
        '<html><head></head><body><script>window.parent.displayUploadError("No image was sent. Choose a file, or give '
        'its address as upload-url.");\n'
        "var error = 'No image was sent. Choose a file, or give its address as upload-url.';\nvar result = '';\n"
        "</script></body></html>"
    )


# The ten rules of the page that serves every reader, on every answer that there is (wire page, section 2).


@pytest.fixture(scope="module")
def answers(http: httpx2.Client) -> list[httpx2.Response]:
    return [http.post("/upload/image", **ask()) for ask in (*REQUESTS.values(), *REFUSED.values())]


def test_rule_1_there_is_one_script_and_it_begins_with_the_call(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        [script] = scripts(answer.text)
        assert script.startswith("window.parent.")
        assert answer.text.lower().count("<script") == 1


def test_rule_2_there_is_one_pair_of_parentheses(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        assert (answer.text.count("("), answer.text.count(")")) == (1, 1)


def test_rule_3_each_variable_has_a_line_of_its_own(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        assert len(re.findall(r"^var (?:error|result) = (?:null|'[^'\n]*');$", answer.text, re.MULTILINE)) == 2


def test_rule_4_the_error_is_null_on_success_alone(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        assert ("\nvar error = null;\n" in answer.text) == ("closeDialog" in answer.text)


def test_rule_5_there_is_a_result_on_failure_too(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        assert ("\nvar result = '';\n" in answer.text) == ("displayUploadError" in answer.text)


def test_rule_6_nothing_stands_in_double_quotes_but_the_argument(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        assert answer.text.count('"') == 2


def test_rule_7_http_begins_the_link_and_nothing_else(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        assert answer.text.lower().count("http") == (2 if "closeDialog" in answer.text else 0)


def test_rule_8_it_is_html(answers: list[httpx2.Response]) -> None:
    assert {answer.headers["content-type"] for answer in answers} == {"text/html; charset=utf-8"}


def test_rule_9_the_link_ends_in_an_id_and_an_extension(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        if "closeDialog" in answer.text:
            assert re.search(r"/\w+\.\w+\"\);", answer.text)


def test_rule_10_a_message_has_no_character_that_a_reader_trips_over(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        message = re.findall(r'"(.*?)"', answer.text)[0]
        assert not set("\"'<>\\\r\n();&") & set(message), message


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_no_failure_of_the_catalogue_reads_badly_when_it_is_made_speakable(failure: type) -> None:
    message = ANSWERS[failure.__name__][1] or failure.message
    assert _speakable(message) == message.replace(";", ","), "give it words of its own in the table"


def test_a_size_in_parentheses_is_told_behind_a_colon() -> None:
    assert _speakable("Too large (20,971,520 bytes).") == "Too large: 20,971,520 bytes."


JSON: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "comment-image-upload": ("/upload/image", lambda: with_file("file", fkey="0" * 64)),
    "an axios client": (
        "/upload/image",
        lambda: {**with_file("file", fkey="0" * 64), "headers": {"accept": "application/json, text/plain, */*"}},
    ),
    "the Electron tool": ("/upload/image?method=json&https=false", lambda: with_file("file", fkey="0" * 64)),
    "method in the query": ("/upload/image?method=json", lambda: with_file("filename")),
    "method as a field": ("/upload/image", lambda: with_file("filename", method="json")),
    "Accept asks for JSON only": (
        "/upload/image?https=false",
        lambda: {**with_file("filename"), "headers": {"accept": "application/json"}},
    ),
    "Stacks-Editor": ("/image/upload", lambda: with_file("file")),
    "Stacks-Editor's address with another field": ("/image/upload?https=false", lambda: with_file("filename")),
}


@pytest.mark.parametrize("reader", [comment_upload, stacks_editor])
@pytest.mark.parametrize("shape", JSON)
def test_who_reads_json_gets_json(shape: str, reader: Read, http: httpx2.Client) -> None:
    path, ask = JSON[shape]
    answer = http.post(path, **ask())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert list(answer.json()) == ["Success", "Error", "UploadedImage"]
    assert answer.text.startswith('{"Success":true,"Error":0,"UploadedImage":"http')
    assert http.get(reader(answer)).headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    "asked",
    [
        ("/upload/image?https=false", "file", {}),
        ("/upload/image?method=json?https=true", "file", {}),
        ("/upload/image?method=html", "file", {}),
        ("/upload/image", "filename", {}),
        ("/upload/image", "name", {}),
        ("/upload/image", "file", {"method": "html"}),
    ],
)
def test_who_reads_html_gets_html(asked: tuple[str, str, dict[str, str]], http: httpx2.Client) -> None:
    path, field, fields = asked
    answer = http.post(path, **with_file(field, **fields), headers={"accept": "text/html, application/json"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith('<html><head></head><body><script>window.parent.closeDialog("')


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"only words", 415),
        (picture()[:200], 422),
        (b"\xff\xd8\xff\xe0" + bytes(20 * 1024**2), 413),
        (b"\xff\xd8\xff\xe0" + bytes(65 * 1024**2), 413),
    ],
)
def test_a_refusal_in_json_has_its_true_status_and_says_it_in_error(
    sent: bytes, status: int, http: httpx2.Client
) -> None:
    for path in ("/upload/image", "/image/upload"):
        answer = http.post(path, files={"file": ("p.png", sent)})
        said = answer.json()
        assert (answer.status_code, list(said)) == (status, ["Success", "Error", "ErrorMessage"])
        assert (said["Success"], said["Error"], said["ErrorMessage"][-1]) == (False, status, ".")
        with pytest.raises(Refused):
            stacks_editor(answer)


def test_a_get_is_told_that_only_post_is_taken(http: httpx2.Client) -> None:
    answer = http.get("/upload/image")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("encoded", ["multipart", "urlencoded"])
@pytest.mark.parametrize("source", ["web", None])
def test_an_address_is_fetched_in_every_encoding(encoded: str, source: str | None, http: httpx2.Client) -> None:
    content = picture(20, 20)
    fields = {"fkey": "0" * 64, **({"source": source} if source else {})}
    with website({"/a.png": (200, {"Content-Type": "image/png"}, content)}) as site:
        fields["upload-url"] = f"{site}/a.png"
        sent = {"files": {name: (None, text) for name, text in fields.items()}}
        answer = http.post("/upload/image", **(sent if encoded == "multipart" else {"data": fields}))
    assert http.get(HTML_READERS["palette_of_2013"](answer)).content == content


def test_a_browsers_form_sends_an_empty_file_beside_the_address(http: httpx2.Client) -> None:
    content = picture(20, 20)
    with website({"/a.png": (200, {"Content-Type": "image/png"}, content)}) as site:
        fields = {"source": "web", "upload-url": f"{site}/a.png"}
        sent = {"filename": ("", b"", "application/octet-stream")}
        answer = http.post("/upload/image", data=fields, files=sent)
    assert http.get(HTML_READERS["palette_of_2013"](answer)).content == content


def test_a_file_wins_over_an_address(http: httpx2.Client) -> None:
    content = picture()
    for address in ("", "http://", "http://10.0.0.1/a.png"):
        sent = {"filename": ("p.png", content)}
        answer = http.post("/upload/image", data={"source": "computer", "upload-url": address}, files=sent)
        assert http.get(HTML_READERS["palette_of_2013"](answer)).content == content


def test_the_first_file_wins_over_all_others(http: httpx2.Client) -> None:
    first, second = picture(), picture()
    sent = [("empty", ("", b"")), ("one", ("1.png", first)), ("filename", ("2.png", second))]
    answer = http.post("/upload/image", files=sent)
    assert http.get(HTML_READERS["palette_of_2013"](answer)).content == first


@pytest.mark.parametrize(("asked", "scheme"), [("https=true", "https"), ("https=false", "http"), ("", "http")])
def test_https_is_true_where_the_link_shall_have_it(asked: str, scheme: str, http: httpx2.Client) -> None:
    for path in ("/upload/image", "/image/upload"):
        answer = http.post(f"{path}?{asked}", **with_file("filename"))
        read = stacks_editor if path == "/image/upload" else HTML_READERS["first_http"]
        assert read(answer).startswith(f"{scheme}://127.0.0.1:")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose images lie on the host that one userscript has built in."""
    with serving(tmp_path_factory.mktemp("elsewhere"), IMAGE_URL="https://i.stack.imgur.com") as running:
        yield running


def test_a_userscript_with_the_image_host_built_in_finds_the_link(elsewhere: RunningServer) -> None:
    """rchern's SE chat modifications apply a match to text that jQuery has not parsed."""
    sent = with_file("file", fkey="[object Object]")
    answer = httpx2.post(f"{elsewhere.url}/upload/image?https=true", **sent)
    assert answer.headers["content-type"].startswith("text/html")
    assert re.search(r"https?://i\.stack\.imgur\.com/[a-zA-Z0-9]+\.png", answer.text)


def test_limits_refuse_in_the_form_that_was_asked_for(tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS="3/day uploads by address") as counting:
        for _ in range(4):
            answer = httpx2.post(f"{counting.url}/upload/image", **with_file("filename"))
        refused = httpx2.post(f"{counting.url}/upload/image", **with_file("file"))
    assert answer.status_code == 200
    assert answer.text.startswith('<html><head></head><body><script>window.parent.displayUploadError("Upload limit')
    assert int(answer.headers["retry-after"]) > 1
    assert (refused.status_code, refused.json()["Error"]) == (429, 429)


def test_scripts_of_other_pages_may_read_answers_but_never_with_credentials(http: httpx2.Client) -> None:
    for asked in (with_file("filename"), with_file("file"), {}):
        answer = http.post("/upload/image", **asked, headers={"origin": "https://h.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_the_name_of_the_file_is_kept(http: httpx2.Client) -> None:
    link = HTML_READERS["first_http"](http.post("/upload/image", **with_file("filename", "C:\\plots\\mine.png")))
    said = http.get("/api/v1/images/" + link.rpartition("/")[2].partition(".")[0]).json()
    assert said["name"] == "mine.png"
