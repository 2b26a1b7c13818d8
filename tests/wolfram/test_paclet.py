"""The paclet publishes, lists and removes on a real server, and says what went wrong, in an open interpreter."""

import io
import shutil
from pathlib import Path

import httpx2
import pytest
from PIL import Image as Pillow

from tests.running import RunningServer, picture
from tests.wolfram.interpreter import run, show

IMAGE = "Image[{{{0., 1., 0.}, {1., 0.2, 0.}}}]"
PIXELS = [(0, 255, 0), (255, 51, 0)]


@pytest.fixture
def account(server: RunningServer) -> dict[str, str]:
    """Where to publish, and as whom."""
    return {"URL": server.url, "KEY": server.key}


def test_an_image_becomes_a_link_that_shows_its_pixels_and_markup_that_is_ready_to_paste(
    account: dict[str, str], tmp_path: Path
) -> None:
    link, markdown, html, known, unknown, shown = run(
        tmp_path,
        'alt = "a [b] *c*\\n<d> & \\"e\\"";',
        f'i = HeliographUpload[{IMAGE}, {{"Title" -> "Größe", "Description" :> "d"}}, AltText -> alt];',
        *map(show, ['i["Link"]', 'i["Markdown"]', 'i["HTML"]', 'i["Title"] <> i["Description"] <> i["DeleteLink"]']),
        *map(show, ['i["Colour"]', "i"]),
        **account,
    )
    with Pillow.open(io.BytesIO(httpx2.get(link).content)) as served:
        assert [served.convert("RGB").getpixel((x, 0)) for x in range(2)] == PIXELS
    assert markdown == f'![a \\[b\\] \\*c\\* &lt;d&gt; &amp; "e"]({link})'
    alt = "a [b] *c* &lt;d&gt; &amp; &quot;e&quot;"
    assert html == f'<img src="{link}" alt="{alt}" width="2" height="1">'
    assert known.startswith(f"Größed{account['URL']}/delete/")
    assert unknown == "Missing[NotAvailable, Colour]"
    assert shown == f"HeliographImage[<{link}>]"


def test_an_image_of_grey_levels_keeps_them(account: dict[str, str], tmp_path: Path) -> None:
    (link,) = run(tmp_path, show('HeliographUpload[Image[{{0., 0.2}, {1., 0.6}}]]["Link"]'), **account)
    with Pillow.open(io.BytesIO(httpx2.get(link).content)) as served:
        grey = served.convert("RGB")
        assert [grey.getpixel((x, y)) for y in range(2) for x in range(2)] == [(n,) * 3 for n in (0, 51, 255, 153)]


def test_a_file_bytes_and_an_address_are_published_as_they_are(
    account: dict[str, str], owner: httpx2.Client, tmp_path: Path
) -> None:
    (tmp_path / "a figure.png").write_bytes(sent := picture())
    small = picture(4, 4)
    *links, name = run(
        tmp_path,
        f'i = HeliographUpload[File["{tmp_path}/a figure.png"]]; Print[i["Link"]];',
        show(f'HeliographUpload[ByteArray[{{{", ".join(map(str, small))}}}]]["Link"]'),
        show('HeliographUpload[URL[i["Link"]]]["Link"]'),
        show('i["Name"]'),
        **account,
    )
    assert [httpx2.get(link).content for link in links] == [sent, small, sent]
    assert name == "a figure.png"


def test_bytes_that_look_like_an_address_are_bytes(account: dict[str, str], tmp_path: Path) -> None:
    address = f"{account['URL']}/favicon.ico"
    message, failed = run(tmp_path, show(f'HeliographUpload[ByteArray[ToCharacterCode["{address}"]]]'), **account)
    assert message.startswith("HeliographUpload::refused: ")
    assert message.endswith("(UnsupportedFormat)")
    assert failed == "$Failed"


def test_the_same_picture_gives_an_account_the_same_link_and_strangers_different_ones(
    account: dict[str, str], tmp_path: Path
) -> None:
    upload = [show(f'HeliographUpload[{IMAGE}, "Title" -> "{title}"]["Link"]') for title in ("same", "same", "other")]
    first, again, other = run(tmp_path, *upload, **account)
    assert first == again != other
    assert len({first, *run(tmp_path, *upload[:2], URL=account["URL"])}) == 3


def test_the_images_of_an_account_are_listed_newest_first_and_found_by_a_word(
    account: dict[str, str], owner: httpx2.Client, tmp_path: Path
) -> None:
    for number in range(101):
        owner.post("/api/v1/images", files={"image": picture(2, 2)}, data={"title": f"paged {number}"})
    found, newest, most, none = run(
        tmp_path,
        'titles[images_] := Map[#["Title"] &, images];',
        show('titles[HeliographImages["Query" -> "paged"]] === Table["paged " <> ToString[n], {n, 100, 0, -1}]'),
        show("titles[HeliographImages[2]]"),
        show('Length[HeliographImages[101, "Query" -> "paged"]]'),
        show('HeliographImages["Query" -> "ünheard of"]'),
        **account,
    )
    assert (found, newest, most, none) == ("True", "{paged 100, paged 99}", "101", "{}")


def test_an_image_is_removed_by_its_record_its_link_and_its_delete_link(server: RunningServer, tmp_path: Path) -> None:
    key = f'"Key" -> "{server.key}"'
    links = run(
        tmp_path,
        f'upload[n_] := HeliographUpload[{IMAGE}, "Title" -> "gone " <> ToString[n]];',
        'a = upload[1]; Print[a["Link"]]; HeliographDelete[a];',
        'b = upload[2]; Print[b["Link"]]; HeliographDelete[b["DeleteLink"]];',
        f'c = HeliographUpload[{IMAGE}, "Title" -> "gone", {key}]; Print[c["Link"]];',
        f'HeliographDelete[c["Link"], {key}];',
        'd = upload[3]; Print[d["Link"]];',
        URL=server.url,
    )
    assert [httpx2.get(link).status_code for link in links] == [410, 410, 410, 200]


def test_every_failure_has_a_message_and_gives_failed(
    account: dict[str, str], server: RunningServer, tmp_path: Path
) -> None:
    said = {
        'HeliographUpload["figure.png"]': "HeliographUpload::text: ",
        'HeliographUpload[File["/nowhere.png"]]': "HeliographUpload::nofile: There is no file /nowhere.png ",
        'HeliographUpload[File["/"]]': "HeliographUpload::nofile: ",
        "HeliographUpload[Graphics[Disk[]]]": "HeliographUpload::draw: ",
        "HeliographUpload[$Failed]": "HeliographUpload::arguments: ",
        "HeliographUpload[]": "HeliographUpload::arguments: ",
        "HeliographImages[-1]": "HeliographImages::arguments: ",
        f'HeliographUpload[{IMAGE}, "Titel" -> "x"]': "HeliographUpload::option: Titel is no option ",
        f'HeliographUpload[{IMAGE}, "Title" -> 3]': "HeliographUpload::value: The option Title ",
        'HeliographDelete["a/b-c.png"]': "HeliographDelete::name: ",
        "HeliographDelete[{}]": "HeliographDelete::name: ",
        'HeliographDelete["neverseen0"]': "HeliographDelete::refused: ",
        'HeliographImages["Key" -> "a b"]': "HeliographImages::key: ",
        'HeliographImages["Key" -> "nonsense"]': "HeliographImages::refused: ",
        'HeliographImages["Key" -> 3]': "HeliographImages::key: ",
        'HeliographImages["Key" -> None]': "HeliographImages::nokey: ",
        'HeliographImages["Query" -> 3]': "HeliographImages::value: The option Query ",
        'HeliographImages["Server" -> 3]': "HeliographImages::server: 3 is not ",
        'HeliographImages["Server" -> "pictures.example"]': "HeliographImages::server: pictures.example is not ",
        'HeliographImages["Server" -> "http://127.0.0.1:1/"]': "HeliographImages::unreachable: No answer came from "
        "http://127.0.0.1:1: curl: (7) ",
        f'HeliographImages["Server" -> "{server.url}/a/"]': f"HeliographImages::answer: {server.url}/a answered 404",
    }
    lines = run(tmp_path, *map(show, said), **account)
    assert lines[1::2] == ["$Failed"] * len(said), lines
    for line, (expression, beginning) in zip(lines[::2], said.items(), strict=True):
        assert line.startswith(beginning), expression


def test_without_a_key_the_account_is_not_asked_for(server: RunningServer, tmp_path: Path) -> None:
    message, failed = run(tmp_path, show("HeliographImages[]"), URL=server.url)
    assert message.startswith("HeliographImages::nokey: ")
    assert failed == "$Failed"


def test_no_other_program_of_the_computer_can_see_the_key(account: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    real, spy = shutil.which("curl"), tmp_path / "bin" / "curl"
    spy.write_text(f'#!/bin/sh\n{{ echo "$@"; ls -ld "$PWD"; }} > {tmp_path}/seen\nexec {real} "$@"\n')
    spy.chmod(0o755)
    found = run(tmp_path, show("Head[HeliographImages[1]]"), PATH=f"{tmp_path}/bin:/usr/bin:/bin", **account)
    command, folder = (tmp_path / "seen").read_text().splitlines()
    assert found == ["List"]
    assert command == "--config settings"
    assert folder.startswith("drwx------")
    assert not Path(folder.split()[-1]).exists(), "what was written is removed again"
