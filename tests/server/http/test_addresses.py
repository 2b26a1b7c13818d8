"""What each dialect says of an address that no picture can be had from, and of base64 that was sent as a file."""

import base64

import httpx2
import pytest

from tests.end_to_end.dialects import BY_ADDRESS, DIALECTS, send, shaped
from tests.running import RunningServer, picture

LACKING = "example.com/x.png"
SAID = {
    "native": "http://",
    "v1-xml": "http://",
    "v1-json": "http://",
    "v2-xml": "http://",
    "v2-json": "http://",
    "v3": f"Invalid URL ({LACKING})",  # Imgur's own words
    "stack-web": "with its scheme",  # its readers take "http" for the link
    "stack-json": "with its scheme",
    "stack-mobile": "http://",
}


@pytest.mark.parametrize("shape", BY_ADDRESS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_address_without_its_scheme_is_told_so_and_not_called_a_local_path(
    dialect: str, shape: str, http: httpx2.Client, server: RunningServer
) -> None:
    spoken = DIALECTS[dialect]
    if dialect.startswith("stack-") and dialect != "stack-mobile":
        fields = {"upload-url": LACKING}
        answer = http.post(spoken.path, **({"params": fields} if "query" in shape else {"data": fields}))
    else:
        answer = send(http, spoken, shaped(spoken, shape, LACKING, server.key))
    said = answer.json()["detail"] if dialect == "native" else spoken.failure(answer)[1]
    assert SAID[dialect] in said
    assert "computer" not in said


@pytest.mark.parametrize(
    "address", ["http://nowhere.invalid/p.png", "http://10.1.2.3/p.png", "http://127.0.0.1:1/p.png"]
)
@pytest.mark.parametrize("path", ["/3/image", "/3/upload"])
def test_v3_repeats_an_address_that_nothing_can_be_fetched_from(path: str, address: str, http: httpx2.Client) -> None:
    """That there is no such host, that it is not ours to ask, and that it does not answer all look the same."""
    spoken = DIALECTS["v3"]
    answer = http.post(path, data={"image": address}, headers=spoken.headers)
    assert (answer.status_code, answer.json()["data"]["error"]) == (400, f"Invalid URL ({address})")


@pytest.mark.parametrize("data_uri", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_base64_that_is_sent_as_a_file_is_decoded(
    dialect: str, data_uri: bool, http: httpx2.Client, server: RunningServer
) -> None:
    spoken, content = DIALECTS[dialect], picture()
    text = (b"data:image/png;base64," if data_uri else b"") + base64.b64encode(content)
    answer = send(http, spoken, shaped(spoken, "multipart file", text, server.key))
    link, _ = spoken.link(answer)
    assert http.get(link).content == content
