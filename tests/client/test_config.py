"""Which server and which key, from arguments, environment and config file."""

from pathlib import Path

import pytest

from heliograph import InputError
from heliograph.client._config import (
    DEFAULT_URL,
    Target,
    config_path,
    environment_has_screen,
    load,
    normal_url,
    state_folder,
)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def write(tmp_path: Path, text: str) -> None:
    (tmp_path / "heliograph").mkdir()
    (tmp_path / "heliograph" / "config.toml").write_text(text, "utf-8")


def test_without_any_word_it_is_this_machine_and_no_key(environ: dict[str, str]) -> None:
    assert load(environ=environ) == Target(DEFAULT_URL, None)


def test_the_file_is_read(environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, 'url = "https://file.example/"\nkey = "filekey"\n')
    assert load(environ=environ) == Target("https://file.example", "filekey")


def test_the_environment_wins_over_the_file(environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, 'url = "https://file.example/"\nkey = "filekey"\n')
    environ |= {"HELIOGRAPH_URL": "https://env.example", "HELIOGRAPH_KEY": "envkey"}
    assert load(environ=environ) == Target("https://env.example", "envkey")


def test_arguments_win_over_the_environment(environ: dict[str, str]) -> None:
    environ |= {"HELIOGRAPH_URL": "https://env.example", "HELIOGRAPH_KEY": "envkey"}
    assert load("https://arg.example", "argkey", environ) == Target("https://arg.example", "argkey")


def test_the_files_key_goes_to_no_other_server(environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, 'url = "https://file.example/"\nkey = "filekey"\n')
    assert load("https://stranger.example", environ=environ).key is None


def test_the_key_of_a_file_that_names_no_server_goes_to_the_usual_one_only(
    environ: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path, 'key = "filekey"\n')
    assert load(environ=environ).key == "filekey"
    usual = environ | {"HELIOGRAPH_URL": "https://env.example"}
    assert load(environ=usual).key == load("https://ENV.example/", environ=usual).key == "filekey"
    assert load("https://stranger.example", environ=usual).key is None
    assert load("https://stranger.example", environ=environ).key is None


def test_the_files_key_goes_to_its_server_however_that_is_spelt(environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, 'url = "https://file.example/"\nkey = "filekey"\n')
    assert load("HTTPS://File.Example:443", environ=environ).key == "filekey"


def test_a_representation_does_not_tell_the_key() -> None:
    assert "secret" not in repr(load("https://h.example", "secret"))


@pytest.mark.parametrize("text", ["url = ", "url = 5", "api_key = 'x'", "key = ['x']"])
def test_a_damaged_file_is_named(environ: dict[str, str], tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    with pytest.raises(InputError, match=r"config\.toml"):
        load(environ=environ)


@pytest.mark.parametrize(
    "url", ["example.org", "ftp://h.example", "http://", "http://h:x", "https://u:p@h.example", "a b"]
)
def test_what_is_no_servers_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="not a server's address"):
        normal_url(url)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused(key: str) -> None:
    with pytest.raises(InputError, match="copied whole"):
        load("https://h.example", key)


def test_an_ipv6_address_keeps_its_brackets() -> None:
    assert normal_url("http://[::1]:8750/") == "http://[::1]:8750"


@pytest.mark.parametrize(
    ("platform", "environ", "end"),
    [
        ("linux", {"XDG_CONFIG_HOME": "/c"}, "/c/heliograph/config.toml"),
        ("linux", {"XDG_CONFIG_HOME": "relative"}, ".config/heliograph/config.toml"),
        ("linux", {}, ".config/heliograph/config.toml"),
        ("darwin", {}, "Library/Application Support/heliograph/config.toml"),
        ("win32", {"APPDATA": "/roaming"}, "/roaming/heliograph/config.toml"),
        ("win32", {}, "AppData/Roaming/heliograph/config.toml"),
    ],
)
def test_each_system_keeps_the_file_where_its_people_look(platform: str, environ: dict[str, str], end: str) -> None:
    assert config_path(environ, platform).as_posix().endswith(end)


@pytest.mark.parametrize(
    ("platform", "environ", "seen"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"BROWSER": "firefox"}, True),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, False),
        ("win32", {}, True),
    ],
)
def test_a_browser_is_opened_only_where_it_is_seen(platform: str, environ: dict[str, str], seen: bool) -> None:
    assert environment_has_screen(environ, platform) is seen


def test_a_user_that_the_system_does_not_know_has_no_config_file_and_no_outbox(monkeypatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert load(environ={}) == Target(DEFAULT_URL, None)
    with pytest.raises(OSError, match="Not a directory"):
        (state_folder({}) / "outbox").mkdir(parents=True)


FALLBACKS = 'fallbacks = ["https://plain.example", {url = "https://keyed.example/", key = "itsown"}]\n'


@pytest.mark.parametrize(("url", "key"), [("https://plain.example", None), ("https://KEYED.example", "itsown")])
def test_a_fallback_that_is_named_as_the_server_has_its_own_key(
    environ: dict[str, str], tmp_path: Path, url: str, key: str | None
) -> None:
    write(tmp_path, 'url = "https://file.example/"\nkey = "filekey"\n' + FALLBACKS)
    assert load(url, environ=environ).key == key
    assert load(url, environ=environ | {"HELIOGRAPH_KEY": "envkey"}).key == key
    assert load(url, "argkey", environ | {"HELIOGRAPH_KEY": "envkey"}).key == "argkey"
    assert load(url, environ=environ | {"HELIOGRAPH_KEY": "envkey", "HELIOGRAPH_URL": url}).key == "envkey"


def test_the_environments_key_goes_to_a_server_that_is_passed_and_is_no_fallback(
    environ: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path, FALLBACKS)
    assert load("https://other.example", environ=environ | {"HELIOGRAPH_KEY": "envkey"}).key == "envkey"
