"""Favourites and views as the native API tells them."""

from pathlib import Path

import httpx2

from tests.running import RunningServer, picture, serving
from tests.server.http.test_native import upload


def test_an_image_is_marked_and_unmarked_as_often_as_one_likes(owner: httpx2.Client) -> None:
    place = f"/api/v1/images/{upload(owner)['id']}"
    assert owner.get(place).json()["favorite"] is False
    for _ in range(2):
        assert owner.put(f"{place}/favorite").status_code == 204
        assert owner.get(place).json()["favorite"] is True
    for _ in range(2):
        assert owner.delete(f"{place}/favorite").status_code == 204
        assert owner.get(place).json()["favorite"] is False


def test_nobody_is_told_what_others_have_marked(http: httpx2.Client, owner: httpx2.Client) -> None:
    place = f"/api/v1/images/{upload(owner)['id']}"
    owner.put(f"{place}/favorite")
    assert "favorite" not in http.get(place).json()


def test_a_removed_image_cannot_be_marked(owner: httpx2.Client) -> None:
    place = f"/api/v1/images/{upload(owner)['id']}"
    owner.delete(place)
    assert owner.put(f"{place}/favorite").status_code == 410


def test_an_album_can_be_marked(owner: httpx2.Client) -> None:
    album = owner.post("/api/v1/albums", json={"title": "t"}).json()["id"]
    assert owner.put(f"/api/v1/albums/{album}/favorite").status_code == 204
    assert owner.delete(f"/api/v1/albums/{album}/favorite").status_code == 204


def use(http: httpx2.Client, image_id: str) -> tuple[int, int]:
    said = http.get(f"/api/v1/images/{image_id}").json()
    return said["views"], said["bandwidth"]


def test_a_view_is_a_get_of_any_size_and_all_its_bytes_are_counted(http: httpx2.Client, server: RunningServer) -> None:
    said = upload(http, picture(300, 200))
    assert use(http, said["id"]) == (0, 0)
    original = len(http.get(said["link"]).content)
    thumbnail = len(http.get(said["thumbnails"]["m"]).content)
    http.get(f"{server.url}/{said['id']}.webp")
    assert use(http, said["id"]) == (3, 2 * original + thumbnail)


def test_looking_without_getting_is_no_view(http: httpx2.Client) -> None:
    said = upload(http)
    http.head(said["link"])
    assert http.get(said["link"], headers={"if-none-match": f'"{said["sha256"]}"'}).status_code == 304
    assert http.get(said["link"], headers={"range": "bytes=99999999-"}).status_code == 416
    assert http.get(f"/api/v1/images/{said['id']}").status_code == 200
    assert use(http, said["id"]) == (0, 0)


def test_a_part_is_a_view_only_from_the_first_byte_on(http: httpx2.Client) -> None:
    said = upload(http)
    for asked, expected in (("bytes=0-9", (1, 10)), ("bytes=10-14", (1, 15)), ("bytes=-5", (1, 20))):
        assert http.get(said["link"], headers={"range": asked}).status_code == 206
        assert use(http, said["id"]) == expected


def test_a_picture_that_is_sent_in_pieces_counts_whole(http: httpx2.Client) -> None:
    said = upload(http, picture(900, 900, "BMP"))
    size = len(http.get(said["link"]).content)
    assert size > 2_000_000
    assert use(http, said["id"]) == (1, size)


def test_the_page_of_a_picture_says_how_often_it_was_looked_at(http: httpx2.Client) -> None:
    said = upload(http)
    for _ in range(3):
        http.get(said["link"])
    assert "<dt>Views</dt><dd>3</dd>" in http.get(f"/{said['id']}").text


def test_views_outlive_a_restart_of_the_server(tmp_path: Path) -> None:
    with serving(tmp_path) as server, httpx2.Client(base_url=server.url) as client:
        said = upload(client)
        client.get(said["link"])
        client.get(said["link"])
    with serving(tmp_path) as server, httpx2.Client(base_url=server.url) as client:
        assert use(client, said["id"]) == (2, 2 * said["size"])
