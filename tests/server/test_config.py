"""Settings: where they come from, what is refused, and that the documentation shows them."""

from pathlib import Path

import pytest

from heliograph.server.config import BadSetting, Settings, described, load


def test_without_any_setting_the_defaults_hold() -> None:
    assert load({}, {}) == Settings()


def test_options_win_over_variables_and_variables_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text(
        'port = 1\nhost = "file"\nmax_bytes = "2 MiB"\naccess_log = false\nfetch_allow = ["10.0.0.0/8", "::1/128"]\n'
    )
    environment = {"HELIOGRAPH_CONFIG": str(file), "HELIOGRAPH_PORT": "2", "HELIOGRAPH_HOST": "variable"}
    settings = load({"port": "3"}, environment)
    assert (settings.port, settings.host, settings.max_bytes, settings.access_log) == (
        3,
        "variable",
        2 * 1024**2,
        False,
    )
    assert [str(each) for each in settings.fetch_allow] == ["10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "99999"),
        ("PORT", "http"),
        ("MAX_BYTES", "lots"),
        ("MAX_BYTES", "0"),
        ("PUBLIC_URL", "example.org"),
        ("UNKNOWN_KEYS", "maybe"),
        ("ANONYMOUS_UPLOADS", "perhaps"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("FETCH_TIMEOUT", "-1"),
        ("PROCESSES", "2"),
        ("OIDC_ISSUER", "http://id.example"),
        ("OIDC_ISSUER", "id.example"),
        ("OIDC_ISSUER", "https://id.example/?realm=a"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_setting(variable: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"HELIOGRAPH_{variable}"):
        load({}, {f"HELIOGRAPH_{variable}": value})


def test_an_unknown_setting_in_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(BadSetting, match="prot"):
        load({}, {"HELIOGRAPH_CONFIG": str(file)})


@pytest.mark.parametrize(("text", "size"), [("1", 1), ("5 kB", 5000), ("20 MiB", 20 * 1024**2), ("1gib", 1024**3)])
def test_sizes_are_read_in_both_kinds_of_units(text: str, size: int) -> None:
    assert load({"max_bytes": text}, {}).max_bytes == size


def test_every_setting_says_what_it_is_for() -> None:
    assert all(each.help.endswith(".") for each in described())


@pytest.mark.parametrize("issuer", ["https://id.example/realms/a", "https://id.example/", "http://127.0.0.1:9400"])
def test_an_issuer_is_kept_as_it_is_spelt_and_needs_a_client_id(issuer: str) -> None:
    environment = {"HELIOGRAPH_OIDC_ISSUER": issuer, "HELIOGRAPH_OIDC_CLIENT_ID": "heliograph"}
    assert load({}, environment).oidc_issuer == issuer
    with pytest.raises(BadSetting, match="HELIOGRAPH_OIDC_CLIENT_ID"):
        load({}, {"HELIOGRAPH_OIDC_ISSUER": issuer})
