"""Every setting: its name, type, default, help and checks sit together here, and nobody else reads the environment.

A setting `max_bytes` is the variable HELIOGRAPH_MAX_BYTES, the option `--max-bytes` of `heliograph serve`, and the line
`max_bytes = "20 MiB"` in the TOML file that HELIOGRAPH_CONFIG names. Options win over variables, variables over the
file.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "HELIOGRAPH_"
Network = IPv4Network | IPv6Network

_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}


class BadSetting(Exception):  # noqa: N818 - named like the failures of `errors`
    """A setting cannot be used; the text names it and says what it should be."""


def _one_process(value: str) -> int:
    if value.strip() != "1":
        raise ValueError("must be 1: this version runs one process for each data folder")
    return 1


def _database_url(value: str) -> str:
    address = value.strip()
    if address and not address.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return address


def _storage_url(value: str) -> str:
    address = value.strip()
    if address and not address.startswith(("file:///", "s3://")):
        raise ValueError("must begin with file:/// or s3://")
    return address


def _text(value: str) -> str:
    return value.strip()


def _flag(value: str) -> bool:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if value.strip().lower() not in words:
        raise ValueError("must be true or false")
    return words[value.strip().lower()]


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.strip().isdigit() or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(value)

    return parse


def _seconds(value: str) -> float:
    number = float(value)
    if not 0 < number <= 86400:
        raise ValueError("must be seconds, over 0 and at most 86400")
    return number


def _grace(value: str) -> float:
    number = float(value)
    if not 0 <= number <= 3650 * 86400:
        raise ValueError("must be seconds, from 0 to ten years")
    return number


def _days(value: str) -> timedelta:
    if not value.strip().isdigit() or not 1 <= int(value) <= 36_500:
        raise ValueError("must be a whole number of days from 1 to 36500")
    return timedelta(days=int(value))


def _period(most: int) -> Callable[[str], timedelta]:
    def parse(value: str) -> timedelta:
        return timedelta(seconds=_whole(1, most)(value))

    return parse


def _bytes(value: str) -> int:
    digits = value.strip().rstrip("kKmMgGiIbB").strip()
    unit = value.strip()[len(digits) :].strip().lower()
    if not digits.isdigit() or unit not in _UNITS or int(digits) == 0:
        raise ValueError("must be a size such as 20 MiB")
    return int(digits) * _UNITS[unit]


def size_of(text: str) -> int:
    """The bytes that a text such as `5 GiB` means. Raises ValueError."""
    return _bytes(text)


def _or_none(parse: Callable[[str], int]) -> Callable[[str], int | None]:
    return lambda value: parse(value) if value.strip() else None


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.strip() not in words:
            raise ValueError("must be " + " or ".join(repr(word) for word in words))
        return value.strip()

    return parse


def _networks(value: str) -> tuple[Network, ...]:
    return tuple(ip_network(each.strip()) for each in value.split(",") if each.strip())


def _web_address(value: str) -> str:
    address = value.strip().rstrip("/")
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("must be an http or https address")
    if parts.query or parts.username:
        raise ValueError("must be an address without query or password")
    return address


def _issuer(value: str) -> str:
    """As it is written: a slash at its end belongs to an issuer's name (OpenID Connect Core 1.0, section 2)."""
    parts = urlsplit(value.strip())
    here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    usable = parts.hostname and parts.scheme in (("https", "http") if here else ("https",))
    if value.strip() and (not usable or parts.query or parts.fragment or parts.username):
        raise ValueError("must be an https address (http on this machine) without query, fragment or password")
    return value.strip()


def _root_address(value: str) -> str:
    address = _web_address(value)
    if urlsplit(address).path:
        raise ValueError("must be an address without a path: pages lie at the root")
    return address


def _missing_image(value: str) -> str:
    if value.strip() in ("404", "redirect"):
        return value.strip()
    try:
        return _web_address(value) or "404"
    except ValueError as problem:
        raise ValueError("must be 404, redirect, or an http or https address") from problem


def _folder(value: str) -> Path:
    return Path(value).expanduser()


def _home_folder() -> Path:
    """The XDG data folder (XDG Base Directory Specification): the same from wherever the server is started."""
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "heliograph"


def _setting(parse: Callable[[str], Any], default: object, help_: str, shown: str | None = None) -> Any:  # noqa: ANN401 - what dataclasses.field returns
    """A row of the table; `shown` is how the default reads in help where it depends on the machine."""
    metadata = {"parse": parse, "help": help_, "shown": shown}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


DEFAULT_LIMITS = "1250/hour uploads by address; 12500/day uploads by application"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one server. Build it with `load`; sizes are in bytes, times in seconds.

    Raises BadSetting where they do not fit together.
    """

    data_dir: Path = _setting(
        _folder, _home_folder, "Folder for the database, pictures and keys.", "~/.local/share/heliograph"
    )
    host: str = _setting(_text, "127.0.0.1", "Address to listen on.")
    port: int = _setting(_whole(0, 65535), 8750, "Port to listen on; 0 takes a free one.")
    public_url: str = _setting(_root_address, "", "Address that people reach the server by.", "http://HOST:PORT")
    image_url: str = _setting(
        _web_address, "", "Address that image links begin with, if it is another host.", "PUBLIC_URL"
    )
    link_scheme: str = _setting(
        _one_of("", "http", "https"), "", "Make all links http or https, whatever PUBLIC_URL says.", "as PUBLIC_URL"
    )
    missing_image: str = _setting(
        _missing_image,
        "404",
        "What a missing or removed picture is answered with: 404 (or 410), redirect (a 302 to /removed.png, which "
        "programs made for Imgur look for), or the address of another picture to lead to.",
    )
    database_url: str = _setting(
        _database_url, "", "Database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.", "sqlite in DATA_DIR"
    )
    storage_url: str = _setting(
        _storage_url, "", "Where originals lie: file:///FOLDER or s3://BUCKET/PREFIX?endpoint=URL.", "blobs in DATA_DIR"
    )
    valkey_url: str = _setting(
        _text,
        "",
        "Where limits are counted: valkey://USER:PASSWORD@HOST:PORT/DATABASE, valkeys:// with TLS, or unix://PATH.",
        "in this process",
    )
    processes: int = _setting(_one_process, 1, "Server processes. More than one is refused by this version.")
    image_workers: int = _setting(
        _whole(1, 64), lambda: os.cpu_count() or 1, "Processes that decode pictures.", "number of cores"
    )
    image_deadline: float = _setting(_seconds, 30.0, "Seconds that decoding one picture may take.")
    image_queue: int = _setting(
        _whole(1, 100_000), 256, "Pictures that may wait for a worker; more are told to try again."
    )
    max_bytes: int = _setting(_bytes, 20 * 1024**2, "Largest picture accepted.", "20 MiB")
    max_pixels: int = _setting(_whole(1, 1_000_000_000), 100_000_000, "Most pixels in one frame.")
    image_memory: int = _setting(
        _bytes,
        256 * 1024**2,
        "Memory that decoding one picture may take. PNG and baseline JPEG need little; it binds AVIF (at 256 MiB to "
        "19 million pixels), BMP (24), WebP (30), GIF (44), HEIC (53), interlaced PNG and progressive JPEG (45 to 89).",
        "256 MiB",
    )
    max_frames: int = _setting(_whole(1, 100_000), 1000, "Most frames in an animation.")
    vectors: bool = _setting(_flag, True, "Whether the SVG of a figure is kept beside it, where one is sent.")
    anonymous_uploads: bool = _setting(_flag, True, "Whether pictures may be uploaded without a key.")
    unknown_keys: str = _setting(
        _one_of("accept", "refuse"),
        "accept",
        "An API key that is not registered: accept (unmodified programs carry their own) or refuse.",
    )
    application_registration: str = _setting(
        _one_of("accounts", "administrators", "anybody"),
        "accounts",
        "Who may register applications: accounts (any, for itself), administrators, or anybody (through the API).",
    )
    registration: str = _setting(
        _one_of("closed", "open"), "closed", "Whether people may make accounts for themselves: closed or open."
    )
    session_days: timedelta = _setting(
        _days, timedelta(days=30), "Days that a login of the pages lasts without being used.", "30"
    )
    oidc_issuer: str = _setting(
        _issuer, "", "OpenID Connect provider that people may log in with: its issuer, spelt as it spells it.", "none"
    )
    oidc_client_id: str = _setting(_text, "", "What this server is called at the OpenID Connect provider.")
    oidc_client_secret: str = _setting(_text, "", "Its secret there; empty for a public client.")
    oidc_name: str = _setting(_text, "OpenID Connect", "What people call that provider, as in 'Log in with Example'.")
    oidc_registration: bool = _setting(
        _flag, False, "Whether new people whom that provider knows get accounts where REGISTRATION is closed."
    )
    access_token_seconds: timedelta = _setting(
        _period(315_360_000), timedelta(hours=1), "Seconds that an access token of OAuth 2 is good for.", "3600"
    )
    refresh_token_seconds: timedelta = _setting(
        _period(315_360_000),
        timedelta(days=90),
        "Seconds that a refresh token is good for without being used.",
        "7776000",
    )
    imgur_token_seconds: timedelta = _setting(
        _period(315_360_000),
        timedelta(seconds=315_360_000),
        "Seconds that an access token is good for that a program got as from Imgur; Imgur's are for ten years.",
        "315360000",
    )
    device_code_seconds: timedelta = _setting(
        _period(86_400), timedelta(minutes=10), "Seconds that a program waits for somebody to type its code.", "600"
    )
    limits: str = _setting(_text, DEFAULT_LIMITS, "Rate limits, or off. What can be said is in docs/limits.md.")
    account_bytes: int | None = _setting(
        _or_none(_bytes),
        None,
        "Bytes of pictures that an account may hold, such as 5 GiB, unless it has a quota of its own.",
        "none",
    )
    account_images: int | None = _setting(
        _or_none(_whole(1, 10**12)),
        None,
        "Pictures that an account may hold, unless it has a quota of its own.",
        "none",
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        _networks, (), "Address ranges whose X-Forwarded-For is believed, separated by commas.", "none"
    )
    fetch_allow: tuple[Network, ...] = _setting(
        _networks, (), "Address ranges that pictures may be fetched from by URL besides the public internet.", "none"
    )
    fetch_timeout: float = _setting(_seconds, 20.0, "Seconds that fetching a picture by URL may take.")
    sweep_after: float = _setting(
        _grace,
        7 * 86400.0,
        "Seconds that the bytes of a removed picture are kept before they are swept.",
    )
    audit_days: timedelta = _setting(
        _days, timedelta(days=365), "Days that the audit keeps who did what to which image, account or token.", "365"
    )
    audit_address_days: timedelta = _setting(
        _days, timedelta(days=30), "Days that the audit keeps the addresses from which it was done.", "30"
    )
    access_log: bool = _setting(_flag, True, "Whether to log each request as a line of JSON.")

    def __post_init__(self) -> None:
        if self.oidc_issuer and not self.oidc_client_id:
            raise BadSetting("HELIOGRAPH_OIDC_ISSUER needs HELIOGRAPH_OIDC_CLIENT_ID, by which the provider knows us.")

    @property
    def database(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'heliograph.db'}"

    @property
    def storage(self) -> str:
        """The blob store's URL, the default filled in."""
        return self.storage_url or f"file://{self.data_dir / 'blobs'}"


@dataclass(frozen=True, slots=True)
class Described:
    """A setting as documentation shows it."""

    name: str
    variable: str
    option: str
    default: str
    help: str


def described() -> tuple[Described, ...]:
    """The table of settings, for `serve --help` and docs/settings.md."""
    return tuple(
        Described(
            each.name,
            PREFIX + each.name.upper(),
            "--" + each.name.replace("_", "-"),
            each.metadata["shown"] or str(each.default).lower() * isinstance(each.default, bool) or str(each.default),
            each.metadata["help"],
        )
        for each in fields(Settings)
    )


def load(options: Mapping[str, str | None] | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Gather the settings: options by setting name, then variables, then the file named by HELIOGRAPH_CONFIG.

    Raises BadSetting, which names the setting, where it came from, and what it should be.
    """
    file = environment.get(PREFIX + "CONFIG")
    written = _read_file(Path(file)) if file else {}
    given: dict[str, Any] = {}
    for each in fields(Settings):
        sources = (
            ("--" + each.name.replace("_", "-"), (options or {}).get(each.name)),
            (PREFIX + each.name.upper(), environment.get(PREFIX + each.name.upper())),
            (f"{each.name} in {file}", written.get(each.name)),
        )
        for source, value in sources:
            if value is not None:
                given[each.name] = _parsed(each, source, value)
                break
    return Settings(**given)


def _parsed(setting: Field[Any], source: str, value: str) -> object:
    try:
        return setting.metadata["parse"](value)
    except ValueError as problem:
        raise BadSetting(f"{source} = {value!r}: {problem}.") from problem


def _read_file(path: Path) -> dict[str, str]:
    """The TOML file's settings as the texts that a variable would hold."""
    try:
        written = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as problem:
        raise BadSetting(f"HELIOGRAPH_CONFIG = {str(path)!r}: {problem}.") from problem
    known = {each.name for each in fields(Settings)}
    for name in written:
        if name not in known:
            raise BadSetting(f"{name} in {path}: there is no such setting.")
    return {name: _as_text(value) for name, value in written.items()}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return str(value)
