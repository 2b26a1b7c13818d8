"""Each dialect says in its own headers what is left; what it says is what the next request meets."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import httpx2
import pytest

from tests.administration import run
from tests.cli.test_admin import PASSWORD
from tests.running import RunningServer, picture, serving
from tests.server.http.test_everybody import CASES, IDS, TOKENLESS, Case, World

POLICY = "40/hour by address; 35/hour by application; 50/day by address; 3/hour posts by address; 10 credits an upload"
UNKNOWN = "aaaaaaaaaa"
NO_LIMIT = (2**31 - 1, 2**31 - 1, 0)
addresses = (f"203.0.113.{number}" for number in count(1))
keys = (f"{number:015}" for number in count(1))


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with a policy of every kind of rule."""
    folder = tmp_path_factory.mktemp("limited")
    with serving(folder, LIMITS=POLICY, TRUSTED_PROXIES="127.0.0.0/8") as server:
        yield server


@pytest.fixture
def somebody(limited: RunningServer) -> Iterator[httpx2.Client]:
    """A client with an address and a key that nobody has used."""
    headers = {"x-forwarded-for": next(addresses), "authorization": f"Client-ID {next(keys)}"}
    with httpx2.Client(base_url=limited.url, headers=headers, timeout=30) as client:
        yield client


def numbers(answer: httpx2.Response, prefix: str) -> tuple[int, int, int] | None:
    """Limit, remaining, reset of a family of headers; None where it is not there."""
    values = [answer.headers.get(prefix + name) for name in ("Limit", "Remaining", "Reset")]
    if values == [None] * 3:
        return None
    assert all(value.isdecimal() for value in values)
    return int(values[0]), int(values[1]), int(values[2])


def upload(client: httpx2.Client, path: str) -> httpx2.Response:
    return client.post(path, files={"image": picture()})


def test_v3_says_what_is_left_of_address_application_and_posts(somebody: httpx2.Client) -> None:
    told = []
    for _ in range(4):
        answer = upload(somebody, "/3/image")
        user, client, posts = (
            numbers(answer, each) for each in ("X-RateLimit-User", "X-RateLimit-Client", "X-Post-Rate-Limit-")
        )
        assert (user[0], client[0], posts[0]) == (40, 35, 3)
        assert 0 < posts[2] <= 3600
        told.append((answer.status_code, user[1], client[1], posts[1]))
    assert told == [(200, 30, 25, 2), (200, 20, 15, 1), (200, 10, 5, 0), (429, 10, 5, 0)]
    for left in (4, 3, 2, 1, 0):
        answer = somebody.get(f"/3/image/{UNKNOWN}")
        assert answer.status_code == 404
        assert numbers(answer, "X-Post-Rate-Limit-") is None, "only a POST is told about POSTs"
        assert numbers(answer, "X-RateLimit-Client")[:2] == (35, left)
        assert numbers(answer, "X-RateLimit-User")[1] == left + 5
    refused = somebody.get(f"/3/image/{UNKNOWN}.xml")
    assert refused.status_code == 429
    assert numbers(refused, "X-RateLimit-Client")[:2] == (35, 0)
    assert numbers(refused, "X-RateLimit-User")[:2] == (40, 5)


def test_v3_says_of_several_rules_for_an_address_the_one_that_refuses_first(limited: RunningServer) -> None:
    with httpx2.Client(base_url=limited.url, headers={"x-forwarded-for": next(addresses)}) as client:
        for left in range(39, -1, -1):
            answer = client.get(f"/3/image/{UNKNOWN}")
            assert numbers(answer, "X-RateLimit-User")[:2] == (40, left)
            assert answer.status_code == 401, "who names nobody is counted too"
            assert numbers(answer, "X-RateLimit-Client") == NO_LIMIT
        assert client.get(f"/3/image/{UNKNOWN}").status_code == 429


def test_where_nothing_is_limited_v2_and_v3_say_so_in_every_header(http: httpx2.Client) -> None:
    program = {"authorization": f"Client-ID {next(keys)}"}
    answer = http.post("/3/image", files={"image": picture()}, headers=program)
    assert [numbers(answer, each) for each in ("X-RateLimit-User", "X-RateLimit-Client", "X-Post-Rate-Limit-")] == [
        NO_LIMIT
    ] * 3
    assert numbers(http.get("/3/credits", headers=program), "X-Post-Rate-Limit-") is None
    limit, left, reset = numbers(http.get(f"/2/image/{UNKNOWN}"), "X-RateLimit-")
    assert (limit, left) == NO_LIMIT[:2]
    assert reset == pytest.approx(time.time(), abs=60)


def test_what_is_not_counted_tells_of_no_limit(http: httpx2.Client) -> None:
    for answer in (http.post("/oauth2/token"), http.options("/3/image"), http.options("/2/upload"), http.get("/2/no")):
        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_v3_says_when_it_takes_the_next_request_and_when_all_is_back(somebody: httpx2.Client) -> None:
    for _ in range(3):
        upload(somebody, "/3/image")
    answer = upload(somebody, "/3/image")
    assert int(answer.headers["retry-after"]) == pytest.approx(1200, abs=10), "one POST comes back each 20 minutes"
    assert numbers(answer, "X-Post-Rate-Limit-")[2] == pytest.approx(3600, abs=10)
    assert numbers(answer, "X-RateLimit-User")[2] == pytest.approx(30 * 3600 / 40, abs=10)


def structured(value: str) -> dict[str, dict[str, int]]:
    """A list of quoted names with whole numbers as parameters, as the draft's fields are (RFC 9651)."""
    items = [each.strip() for each in value.split(",")]
    assert all(re.fullmatch(r'"[a-z0-9-]+"(;[a-z]+=\d+)+', each) for each in items)
    parsed = {
        each.split(";")[0].strip('"'): {name: int(number) for name, number in re.findall(r";([a-z]+)=(\d+)", each)}
        for each in items
    }
    assert len(parsed) == len(items), "names are unique"
    return parsed


def test_native_says_every_policy_and_what_is_left_of_it_until_it_refuses(somebody: httpx2.Client) -> None:
    told = []
    for _ in range(4):
        answer = upload(somebody, "/api/v1/images")
        assert structured(answer.headers["ratelimit-policy"]) == {
            "requests-by-address-3600": {"q": 40, "w": 3600},
            "requests-by-application-3600": {"q": 35, "w": 3600},
            "requests-by-address-86400": {"q": 50, "w": 86400},
            "posts-by-address-3600": {"q": 3, "w": 3600},
        }
        left = structured(answer.headers["ratelimit"])
        assert list(left) == list(structured(answer.headers["ratelimit-policy"]))
        told.append((answer.status_code, left["posts-by-address-3600"]["r"], left["requests-by-application-3600"]["r"]))
    assert told == [(201, 2, 25), (201, 1, 15), (201, 0, 5), (429, 0, 5)]
    for expected in (4, 3, 2, 1, 0):
        answer = somebody.get(f"/api/v1/images/{UNKNOWN}")
        nearest, *_ = structured(answer.headers["ratelimit"]).items()
        assert nearest[0] == "requests-by-application-3600", "the first to refuse comes first"
        assert (answer.status_code, nearest[1]["r"]) == (404, expected)
    refused = somebody.get(f"/api/v1/images/{UNKNOWN}")
    assert (refused.status_code, structured(refused.headers["ratelimit"])["requests-by-application-3600"]["r"]) == (
        429,
        0,
    )
    assert 0 < int(refused.headers["retry-after"]) <= 3600 // 35 + 1


def test_of_64_requests_at_once_to_one_server_just_the_limit_is_admitted(tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS="10/hour by address") as server, ThreadPoolExecutor(64) as threads:
        url = f"{server.url}/api/v1/images/{UNKNOWN}"
        statuses = Counter(threads.map(lambda _: httpx2.get(url, timeout=30).status_code, range(64)))
    assert statuses == {404: 10, 429: 54}


def test_every_answer_of_the_native_api_says_what_is_left(somebody: httpx2.Client) -> None:
    image = upload(somebody, "/api/v1/images").json()
    secret = f"/api/v1/images/{image['delete_hash']}"
    answers = [
        somebody.get(secret),
        somebody.patch(secret, json={"title": "t"}),
        somebody.patch(secret, json={"tilte": "t"}),
        somebody.delete(secret),
        somebody.get("/api/v1/images"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 400, 204, 401]
    left = [structured(answer.headers["ratelimit"])["requests-by-address-3600"]["r"] for answer in answers]
    assert left == [29, 28, 27, 26, 25]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server whose counters give nothing back while the test runs, and its owner's things."""
    policy = "400/day by address; 500/day by account; 3 credits an upload; 450/day by application"
    with serving(tmp_path_factory.mktemp("whole"), LIMITS=policy) as server:
        owner = httpx2.Client(base_url=server.url, headers={"authorization": f"Bearer {server.key}"}, timeout=60)
        with owner:
            things = {
                "image": owner.post("/api/v1/images", files={"image": picture()}).json()["id"],
                "album": owner.post("/api/v1/albums", json={"title": "a"}).json()["id"],
                "application": owner.post("/api/v1/applications", json={"name": "a"}).json()["client_id"],
                "token": owner.post("/api/v1/tokens", json={"name": "t", "scopes": ["albums"]}).json()["id"],
            }
        yield World(server, things, {"owner": server.key})


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_any_answer_of_the_native_api_says_is_what_the_next_request_meets(case: Case, whole: World) -> None:
    answers = [whole.ask(case, whole.tokens["owner"]) for _ in range(2)]
    if case.path in TOKENLESS:
        assert not [answer for answer in answers if "ratelimit" in answer.headers]
        return
    cost = 3 if (case.method, case.path) in {("post", "/api/v1/images"), ("post", "/api/v1/albums")} else 1
    first, second = (structured(answer.headers["ratelimit"]) for answer in answers)
    assert set(first) == {f"requests-by-{by}-86400" for by in ("address", "account", "application")}
    assert {name: each["r"] for name, each in second.items()} == {
        name: each["r"] - cost for name, each in first.items()
    }


@pytest.mark.parametrize("path", ["token", "device", "revoke"])
def test_what_oauth_answers_say_is_what_the_next_request_meets(path: str, whole: World) -> None:
    url = f"{whole.server.url}/api/v1/oauth/{path}"
    answers = [httpx2.post(url, data={"client_id": whole.things["application"]}) for _ in range(2)]
    left = [structured(answer.headers["ratelimit"])["requests-by-address-86400"]["r"] for answer in answers]
    assert left[0] == left[1] + 1


def test_a_request_with_name_and_password_is_counted_too(tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS="3/day by address") as server:
        assert run(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD).returncode == 0
        told = []
        for password in (PASSWORD, "wrong", PASSWORD, PASSWORD):
            wanted = {"name": "t", "scopes": ["albums"]}
            answer = httpx2.post(f"{server.url}/api/v1/tokens", auth=("ada", password), json=wanted)
            told.append((answer.status_code, structured(answer.headers["ratelimit"])["requests-by-address-86400"]["r"]))
        assert told == [(201, 2), (401, 1), (201, 0), (429, 0)]


def test_refusals_are_counted_by_whose_counter_was_used_up(tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS="1/day by address; 9/day by account") as server:
        for _ in range(3):
            httpx2.get(f"{server.url}/api/v1/images/{UNKNOWN}", headers={"authorization": f"Bearer {server.key}"})
        said = httpx2.get(f"{server.url}/metrics").text
    assert 'heliograph_limit_refusals_total{by="address"} 2.0' in said
    assert 'heliograph_limit_refusals_total{by="account"} 0.0' in said
