"""Imgur v3's accounts and credits as its clients read them (wire page imgur-v3, section 7)."""

import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.administration import run
from tests.running import RunningServer, picture, serving

ID = {"authorization": "Client-ID 0123456789abcde"}
ACCOUNT = [
    "id", "url", "bio", "avatar", "avatar_name", "cover", "cover_name", "reputation", "reputation_name", "created",
    "pro_expiration", "user_flow", "is_blocked",
]  # fmt: skip
SETTINGS = [
    "email", "high_quality", "public_images", "album_privacy", "pro_expiration", "accepted_gallery_terms",
    "active_emails", "messaging_enabled", "blocked_users",
]  # fmt: skip


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """An account with 3 images and 3 albums, on a server of its own."""
    with serving(tmp_path_factory.mktemp("ada")) as server, _client(server) as client:
        for _ in range(3):
            client.post("/3/image", files={"image": ("p.png", picture())})
            client.post("/3/album")
        yield client


def _client(server: RunningServer) -> httpx2.Client:
    run(server.data, "account", "create", "ada", "--no-password", "--email", "ada@h.example")
    scopes = [word for scope in ("albums", "images:read", "images:write") for word in ("--scope", scope)]
    token = run(server.data, "token", "create", "ada", *scopes).stdout.strip()
    return httpx2.Client(base_url=server.url, timeout=60, headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("user", ["me", "ada", "Ada"])
def test_an_account_sees_itself_as_me_and_by_name(user: str, ada: httpx2.Client) -> None:
    account = ada.get(f"/3/account/{user}").json()["data"]
    assert list(account) == ACCOUNT
    assert (account["url"], account["reputation"], account["pro_expiration"]) == ("ada", 0, False)
    assert abs(account["created"] - time.time()) < 600


@pytest.mark.parametrize("name", ["owner", "nobody-at-all"])
@pytest.mark.parametrize("path", ["", "/images", "/images/count", "/albums", "/settings"])
def test_another_account_is_unauthorized_whether_it_exists_or_not(path: str, name: str, ada: httpx2.Client) -> None:
    answer = ada.get(f"/3/account/{name}{path}")
    assert (answer.status_code, answer.json()["data"]["error"]) == (403, "Unauthorized")


def test_without_a_token_there_is_no_account(ada: httpx2.Client) -> None:
    answer = httpx2.get(f"{ada.base_url}/3/account/me", headers=ID)
    assert (answer.status_code, answer.json()["data"]["error"]) == (401, "Authentication required")


def test_the_settings_tell_the_address_to_who_may_manage_the_account(ada: httpx2.Client, owner: httpx2.Client) -> None:
    settings = ada.get("/3/account/me/settings").json()["data"]
    assert list(settings) == SETTINGS
    assert (settings["email"], settings["active_emails"], settings["album_privacy"]) == (None, [], "hidden")
    assert list(owner.get("/3/account/me/settings").json()["data"]) == SETTINGS


def test_images_come_by_pages_from_zero_newest_first(ada: httpx2.Client) -> None:
    every = ada.get("/3/account/me/images").json()["data"]
    assert len(every) == ada.get("/3/account/me/images/count").json()["data"] == 3
    assert all(len(image["deletehash"]) == 15 for image in every)
    ids = [image["id"] for image in every]
    assert ada.get("/3/account/me/images/ids").json()["data"] == ids
    for page in range(2):
        by_query = ada.get("/3/account/me/images", params={"page": page, "perPage": 2}).json()["data"]
        by_path = ada.get(f"/3/account/ada/images/{page}?perPage=2").json()["data"]
        assert [image["id"] for image in by_query] == [image["id"] for image in by_path]
        assert [image["id"] for image in by_query] == ids[2 * page : 2 * page + 2]
        assert ada.get(f"/3/account/me/images/ids/{page}?perPage=2").json()["data"] == ids[2 * page : 2 * page + 2]
    assert ada.get("/3/account/me/images/7").json()["data"] == []


def test_albums_come_by_pages_until_one_is_short(ada: httpx2.Client) -> None:
    """ShareX asks for pages of 100 until one has fewer."""
    every = ada.get("/3/account/me/albums?page=0&perPage=100").json()["data"]
    ids = [album["id"] for album in every]
    assert len(ids) == ada.get("/3/account/me/albums/count").json()["data"] == 3
    assert ada.get("/3/account/me/albums/ids").json()["data"] == ids
    assert "images" not in every[0]
    assert (every[0]["images_count"], every[0]["privacy"], len(every[0]["deletehash"])) == (0, "hidden", 15)
    assert [album["id"] for album in ada.get("/3/account/me/albums/1?perPage=2").json()["data"]] == ids[2:]
    assert ada.get(f"/3/account/me/album/{ids[0]}").json()["data"]["images"] == []
    assert ada.get("/3/account/me/albums?perPage=1000").status_code == 200


@pytest.mark.parametrize(
    "path", ["images/first", "images?page=-1", "images?perPage=ten", "images?perPage=0", "albums?page=1e3"]
)
def test_a_page_that_is_no_number_is_refused(path: str, ada: httpx2.Client) -> None:
    answer = ada.get(f"/3/account/me/{path}")
    assert answer.status_code == 400
    assert "whole numbers" in answer.json()["data"]["error"]


def test_one_image_is_shown_and_deleted(ada: httpx2.Client) -> None:
    for named in ("id", "deletehash"):
        image = ada.post("/3/image", files={"image": ("p.png", picture())}).json()["data"]
        assert ada.get(f"/3/account/me/image/{image['id']}").json()["data"]["deletehash"] == image["deletehash"]
        assert ada.delete(f"/3/account/me/image/{image[named]}").json()["data"] is True
        answer = ada.get(f"/3/account/me/image/{image['id']}")
        said = f"Unable to find an image with the id, {image['id']}"
        assert (answer.status_code, answer.json()["data"]["error"]) == (404, said)


def test_one_album_is_shown_and_deleted_and_its_images_stay(ada: httpx2.Client) -> None:
    image = ada.post("/3/image", files={"image": ("p.png", picture())}).json()["data"]
    for named in ("id", "deletehash"):
        album = ada.post("/3/album", data={"ids": image["id"]}).json()["data"]
        assert ada.delete(f"/3/account/me/album/{album[named]}").json() == {
            "data": True,
            "success": True,
            "status": 200,
        }
        answer = ada.get(f"/3/account/me/album/{album['id']}")
        said = f"Unable to find an album with the id, {album['id']}"
        assert (answer.status_code, answer.json()["data"]["error"]) == (404, said)
    assert ada.delete(f"/3/account/me/image/{image['id']}").json()["data"] is True


def test_anothers_album_is_not_deleted_among_ones_own(ada: httpx2.Client) -> None:
    album = httpx2.post(f"{ada.base_url}/3/album", headers=ID).json()["data"]
    for named in ("id", "deletehash"):
        assert ada.delete(f"/3/account/me/album/{album[named]}").status_code == 404
    assert httpx2.get(f"{ada.base_url}/3/album/{album['id']}", headers=ID).status_code == 200


def test_anothers_image_is_unknown_among_ones_own(ada: httpx2.Client) -> None:
    image = httpx2.post(f"{ada.base_url}/3/image", files={"image": picture()}, headers=ID, timeout=60).json()["data"]
    for method in ("GET", "DELETE"):
        answer = ada.request(method, f"/3/account/me/image/{image['id']}")
        assert (answer.status_code, answer.json()["success"]) == (404, False)


@pytest.mark.parametrize("path", ["/3/credits", "/3/credits/", "/3/credits.json", "/3/Credits"])
def test_credits_are_whole_numbers_without_limits_too(path: str, ada: httpx2.Client) -> None:
    """imgurpython asks for them before anything else."""
    said = ada.get(path).json()["data"]
    assert list(said) == ["UserLimit", "UserRemaining", "UserReset", "ClientLimit", "ClientRemaining"]
    assert all(type(value) is int for value in said.values())
    assert abs(said["UserReset"] - time.time()) < 60


def test_nouns_below_an_account_are_taken_in_any_case(ada: httpx2.Client) -> None:
    assert ada.get("/3/Account/Me/Images/Count").json()["data"] == 3
    assert ada.get("/3/account/me/Albums/IDS.json").status_code == 200


def test_a_count_in_xml_is_an_integer(ada: httpx2.Client) -> None:
    answer = ada.get("/3/account/me/albums/count.xml")
    assert answer.text.endswith('<data type="integer" success="1" status="200">3</data>')
