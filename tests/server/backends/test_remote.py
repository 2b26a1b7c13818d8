"""RemoteFetcher against real servers on 127.0.0.2 (allowed) and 127.0.0.1 (not), with and without TLS."""

import asyncio
import gzip
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from heliograph.server.backends.remote import RemoteFetcher, is_public, parse_ranges
from heliograph.server.errors import FetchFailed, ForbiddenAddress, InvalidUrl, StorageUnavailable, TooManyBytes

ALLOWED, FORBIDDEN = "127.0.0.2", "127.0.0.1"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 800
LIMIT = 1 << 20

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Origin:
    """A web server that says, byte for byte, what a test wants, and remembers the requests it was sent."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


Script = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(script: Script, host: str = ALLOWED, tls: ssl.SSLContext | None = None) -> AsyncIterator[Origin]:
    origin = Origin()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        origin.connections += 1
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            origin.requests.append(request)
            await script(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, host, 0, ssl=tls)
    origin.port = server.sockets[0].getsockname()[1]
    try:
        yield origin
    finally:
        server.close()


def saying(status: str, headers: Sequence[str] = (), body: bytes = b"") -> Script:
    async def script(request: bytes, writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", *headers, "connection: close", "", ""])
        writer.write(head.encode() + body)

    return script


def picture(body: bytes = PICTURE) -> Script:
    return saying("200 OK", [f"content-length: {len(body)}", "content-type: image/png"], body)


def redirect(to: str, status: str = "302 Found") -> Script:
    return saying(status, [f"location: {to}", "content-length: 0"])


def fetcher(**settings: object) -> RemoteFetcher:
    settings.setdefault("allow", [IPv4Network(f"{ALLOWED}/32")])
    return RemoteFetcher(**settings)


def names(**table: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver whose answers are `table`'s, one for each call, the last for ever."""
    answers = {name.replace("_", "."): list(addresses) for name, addresses in table.items()}

    async def resolve(host: str, port: int) -> Sequence[str]:
        left = answers.get(host, [])
        return (left.pop(0) if len(left) > 1 else left[0]).split() if left else []

    return resolve


async def test_a_picture_arrives_whole_with_its_size_and_hash(tmp_path: Path) -> None:
    async with serving(picture()) as origin:
        got = await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/a%20b.png?x=1#part", LIMIT, tmp_path / "target")
    assert got == (len(PICTURE), hashlib.sha256(PICTURE).digest())
    assert (tmp_path / "target").read_bytes() == PICTURE
    assert origin.requests[0].startswith(b"GET /a%20b.png?x=1 HTTP/1.1\r\n")


async def test_the_request_carries_no_cookie_no_credentials_and_asks_for_no_compression(tmp_path: Path) -> None:
    async with serving(picture()) as origin:
        await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
    head = origin.requests[0].decode().lower()
    assert f"host: {ALLOWED}:{origin.port}\r\n" in head
    assert "accept-encoding: identity\r\n" in head
    assert "cookie" not in head
    assert "authorization" not in head
    assert "referer" not in head


async def test_a_chunked_answer_without_a_length_arrives_whole(tmp_path: Path) -> None:
    body = b"%x\r\n" % len(PICTURE) + PICTURE + b"\r\n0\r\n\r\n"
    async with serving(saying("200 OK", ["transfer-encoding: chunked"], body)) as origin:
        got = await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
    assert got == (len(PICTURE), hashlib.sha256(PICTURE).digest())


async def test_proxies_of_the_environment_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.3:9/")
    async with serving(picture()) as origin:
        await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
    assert origin.connections == 1


@pytest.mark.parametrize(
    "url",
    [
        "", "picture.png", "//example.com/a.png", "ftp://example.com/a.png", "file:///etc/passwd", "gopher://example.com/",
        "data:image/png;base64,AAAA", "http://", "http:///a.png", "http://user:password@example.com/a.png",
        "http://user@example.com/", "http://example.com/\r\nHost: x", "http://example.com:70000/", "http://example.com:0/",
        "http://example.com:25/", "http://example.com:22/", "http://example.com:6667/",
        "http://[::1/", "javascript:alert(1)", "http://0177.0.0.1/",
    ],
)  # fmt: skip
async def test_what_is_not_a_plain_web_address_is_an_invalid_url(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidUrl) as caught:
        await fetcher(resolve=names()).fetch(url, LIMIT, tmp_path / "target")
    assert caught.value.url == url


NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::7f00:1", "::127.0.0.1", "::10.0.0.1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b::10.1.2.3", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::1", "2001:10::1", "2001:db8::1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "4000::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "64:ff9b::8.8.8.8",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_an_address_that_is_not_public_is_refused(address: str, tmp_path: Path) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(ForbiddenAddress):
        await RemoteFetcher(resolve=names(a_example=[address])).fetch("http://a.example/", LIMIT, tmp_path / "target")


@pytest.mark.parametrize("address", PUBLIC)
async def test_a_public_address_is_not_refused(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "localhost", "[0:0:0:0:0:0:0:1]",
    ],
)  # fmt: skip
async def test_no_spelling_of_a_local_address_reaches_it(host: str, tmp_path: Path) -> None:
    async with serving(picture(), host=FORBIDDEN) as origin:
        with pytest.raises(ForbiddenAddress) as caught:
            await RemoteFetcher().fetch(f"http://{host}:{origin.port}/", LIMIT, tmp_path / "target")
        assert origin.connections == 0
    assert str(caught.value) == ForbiddenAddress.message


async def test_an_open_a_closed_and_a_silent_internal_port_are_told_apart_by_nothing(tmp_path: Path) -> None:
    async with serving(picture(), host=FORBIDDEN) as origin:
        said = set()
        for address in (f"{FORBIDDEN}:{origin.port}", f"{FORBIDDEN}:1025", "10.255.255.1", "[fd00:ec2::254]"):
            with pytest.raises(ForbiddenAddress) as caught:
                await fetcher().fetch(f"http://{address}/", LIMIT, tmp_path / "target")
            said.add(str(caught.value))
    assert said == {ForbiddenAddress.message}


async def test_a_name_that_changes_its_address_after_the_check_gains_nothing(tmp_path: Path) -> None:
    async with serving(picture()) as good, serving(picture(b"secret"), host=FORBIDDEN) as bad:
        rebinding = names(evil_example=[ALLOWED, FORBIDDEN])
        size, _ = await fetcher(resolve=rebinding).fetch(
            f"http://evil.example:{good.port}/", LIMIT, tmp_path / "target"
        )
        assert size == len(PICTURE)
        with pytest.raises(ForbiddenAddress):
            await fetcher(resolve=rebinding).fetch(f"http://evil.example:{bad.port}/", LIMIT, tmp_path / "target")
        assert bad.connections == 0


async def test_a_redirect_to_its_own_name_is_checked_anew(tmp_path: Path) -> None:
    async with serving(redirect("/again")) as origin:
        rebinding = fetcher(resolve=names(evil_example=[ALLOWED, FORBIDDEN]))
        with pytest.raises(ForbiddenAddress):
            await rebinding.fetch(f"http://evil.example:{origin.port}/", LIMIT, tmp_path / "target")
    assert origin.connections == 1


async def test_of_several_addresses_only_the_permitted_are_tried(tmp_path: Path) -> None:
    async with serving(picture()) as origin:
        mixed = fetcher(resolve=names(a_example=[f"{FORBIDDEN} ::1 {ALLOWED}"]))
        size, _ = await mixed.fetch(f"http://a.example:{origin.port}/", LIMIT, tmp_path / "target")
    assert size == len(PICTURE)
    assert f"host: a.example:{origin.port}".encode() in origin.requests[0].lower()


async def test_a_dead_address_gives_way_to_the_next(tmp_path: Path) -> None:
    async with serving(picture()) as origin:
        both = fetcher(allow=parse_ranges("127.0.0.2/31"), resolve=names(a_example=[f"127.0.0.3 {ALLOWED}"]))
        assert (await both.fetch(f"http://a.example:{origin.port}/", LIMIT, tmp_path / "target"))[0] == len(PICTURE)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_redirects_are_followed(status: str, tmp_path: Path) -> None:
    async with serving(picture()) as goal, serving(redirect(f"http://{ALLOWED}:{goal.port}/x", status)) as origin:
        got = await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
    assert got[0] == len(PICTURE)


async def test_a_redirect_to_a_forbidden_address_is_refused_before_any_packet(tmp_path: Path) -> None:
    async with serving(picture(), host=FORBIDDEN) as inside:
        for to in (
            f"http://{FORBIDDEN}:{inside.port}/",
            f"//2130706433:{inside.port}/",
            "http://169.254.169.254/latest/",
        ):
            async with serving(redirect(to)) as origin:
                with pytest.raises(ForbiddenAddress):
                    await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
        assert inside.connections == 0


@pytest.mark.parametrize(
    "to", ["ftp://127.0.0.2/", "file:///etc/passwd", "http://u:p@127.0.0.2/", "http://127.0.0.2:25/"]
)
async def test_a_redirect_to_what_is_not_a_plain_web_address_fails(to: str, tmp_path: Path) -> None:
    async with serving(redirect(to)) as origin:
        with pytest.raises(FetchFailed, match="redirects to something"):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")


async def test_a_redirect_without_a_location_fails(tmp_path: Path) -> None:
    async with serving(saying("302 Found", ["content-length: 0"])) as origin:
        with pytest.raises(FetchFailed, match="redirects to something"):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")


async def test_the_fifth_redirect_is_followed_and_the_sixth_is_not(tmp_path: Path) -> None:
    async def countdown(request: bytes, writer: asyncio.StreamWriter) -> None:
        left = int(request.split(b" ")[1].strip(b"/"))
        await (redirect(f"/{left - 1}") if left else picture())(request, writer)

    async with serving(countdown) as origin:
        assert (await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/5", LIMIT, tmp_path / "target"))[0] == len(
            PICTURE
        )
        with pytest.raises(FetchFailed, match="more than 5 times"):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/6", LIMIT, tmp_path / "target")


async def test_a_redirect_loop_ends(tmp_path: Path) -> None:
    async with serving(redirect("/")) as origin:
        with pytest.raises(FetchFailed, match="more than 5 times"):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
    assert origin.connections == 6


@pytest.mark.parametrize(
    "status", ["404 Not Found", "403 Forbidden", "500 Oops", "204 No Content", "206 Partial", "304 Same"]
)
async def test_any_status_but_200_fails_and_is_named(status: str, tmp_path: Path) -> None:
    async with serving(saying(status)) as origin:
        with pytest.raises(FetchFailed, match=f"status {status[:3]}"):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")


async def test_a_picture_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(tmp_path: Path) -> None:
    async with serving(picture()) as origin:
        url = f"http://{ALLOWED}:{origin.port}/"
        assert (await fetcher().fetch(url, len(PICTURE), tmp_path / "target"))[0] == len(PICTURE)
        with pytest.raises(TooManyBytes):
            await fetcher().fetch(url, len(PICTURE) - 1, tmp_path / "target")


async def test_an_announced_size_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    async with serving(saying("200 OK", ["content-length: 99999999999"], b"x")) as origin:
        with pytest.raises(TooManyBytes):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("headers", [["transfer-encoding: chunked"], []])
async def test_an_endless_answer_that_hides_its_size_is_cut_at_the_limit(headers: list[str], tmp_path: Path) -> None:
    async def endless(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode())
        while True:
            writer.write(b"1000\r\n" + bytes(4096) + b"\r\n" if headers else bytes(4096))
            await writer.drain()

    async with serving(endless) as origin:
        with pytest.raises(TooManyBytes):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
    assert (tmp_path / "target").stat().st_size <= LIMIT


async def test_an_answer_shorter_than_announced_fails(tmp_path: Path) -> None:
    async with serving(saying("200 OK", [f"content-length: {len(PICTURE) + 1}"], PICTURE)) as origin:
        with pytest.raises(FetchFailed, match="broke off"):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")


async def test_an_empty_answer_fails(tmp_path: Path) -> None:
    async with serving(picture(b"")) as origin:
        with pytest.raises(FetchFailed, match="nothing"):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
async def test_a_compressed_answer_is_refused_so_that_no_bomb_is_unpacked(encoding: str, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    headers = [f"content-encoding: {encoding}", f"content-length: {len(bomb)}"]
    async with serving(saying("200 OK", headers, bomb)) as origin:
        with pytest.raises(FetchFailed, match="compressed"):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH_9\r\n", b"", b"HTTP/1.1 banana\r\n\r\n", b"a: b\r\n" * 100_000])
async def test_what_does_not_speak_http_fails(garbage: bytes, tmp_path: Path) -> None:
    async def script(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)

    async with serving(script) as origin:
        with pytest.raises(FetchFailed, match="broke off"):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")


async def test_a_server_that_drips_is_left_at_the_total_time(tmp_path: Path) -> None:
    async def drip(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(drip) as origin:
        began = asyncio.get_running_loop().time()
        with pytest.raises(FetchFailed, match=r"longer than 0\.5 seconds"):
            await fetcher(total_timeout=0.5).fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
        assert asyncio.get_running_loop().time() - began < 2


async def test_a_server_that_falls_silent_is_left_at_the_idle_time(tmp_path: Path) -> None:
    async def silence(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)

    async with serving(silence) as origin:
        with pytest.raises(FetchFailed, match="did not answer in time"):
            await fetcher(idle_timeout=0.2).fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")


async def test_a_resolver_that_hangs_is_left_at_the_total_time(tmp_path: Path) -> None:
    async def hang(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(FetchFailed, match=r"longer than 0\.2 seconds"):
        await fetcher(resolve=hang, total_timeout=0.2).fetch("http://a.example/", LIMIT, tmp_path / "target")


async def test_an_unknown_host_and_a_closed_port_fail_in_their_own_words(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="could not be found"):
        await fetcher(resolve=names()).fetch("http://a.example/", LIMIT, tmp_path / "target")
    with pytest.raises(FetchFailed, match="could not be reached"):
        await fetcher().fetch(f"http://{ALLOWED}:1025/", LIMIT, tmp_path / "target")


@pytest.mark.parametrize("host", ["ex..ample", "a" * 300 + ".example", "name.invalid"])
async def test_a_name_that_no_resolver_takes_is_a_failed_fetch(host: str, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="could not be found"):
        await RemoteFetcher().fetch(f"http://{host}/", LIMIT, tmp_path / "target")


async def test_a_target_that_cannot_be_written_is_storage_unavailable(tmp_path: Path) -> None:
    async with serving(picture()) as origin:
        with pytest.raises(StorageUnavailable):
            await fetcher().fetch(f"http://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "missing" / "target")


async def test_many_fetches_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    async def echo(request: bytes, writer: asyncio.StreamWriter) -> None:
        await picture(request.split(b" ")[1] * 5000)(request, writer)

    async with serving(echo) as origin:
        shared = fetcher()
        urls = [f"http://{ALLOWED}:{origin.port}/{number}" for number in range(30)]
        got = await asyncio.gather(*(shared.fetch(url, LIMIT, tmp_path / url[-2:].strip("/")) for url in urls))
    assert [digest for _, digest in got] == [hashlib.sha256(b"/%d" % n * 5000).digest() for n in range(30)]


def test_ranges_are_read_from_a_setting() -> None:
    assert [str(network) for network in parse_ranges("127.0.0.0/8, fd00::/8 10.1.2.3")] == [
        "127.0.0.0/8", "fd00::/8", "10.1.2.3/32",
    ]  # fmt: skip
    assert parse_ranges("") == ()
    with pytest.raises(ValueError, match="host bits"):
        parse_ranges("127.0.0.1/8")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate (its own authority) for pictures.example, and its key: two PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    usage = dict.fromkeys(
        ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "crl_sign", "encipher_only", "decipher_only"], False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("pictures.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**(usage | {"digital_signature": True}), key_cert_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return folder / "certificate.pem", folder / "key.pem"


def tls_server(authority: tuple[Path, Path], asked: list[str | None]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    return context


async def test_tls_asks_for_and_checks_the_host_name_while_connecting_to_the_address(
    authority: tuple[Path, Path], tmp_path: Path
) -> None:
    asked: list[str | None] = []
    trusting = ssl.create_default_context(cafile=str(authority[0]))
    resolve = names(pictures_example=[ALLOWED], other_example=[ALLOWED])
    async with serving(picture(), tls=tls_server(authority, asked)) as origin:
        shared = fetcher(tls=trusting, resolve=resolve)
        got = await shared.fetch(f"https://pictures.example:{origin.port}/", LIMIT, tmp_path / "target")
        assert got == (len(PICTURE), hashlib.sha256(PICTURE).digest())
        with pytest.raises(FetchFailed, match="TLS"):
            await shared.fetch(f"https://other.example:{origin.port}/", LIMIT, tmp_path / "target")
    assert asked == ["pictures.example", "other.example"]


async def test_an_unknown_authority_is_not_trusted(authority: tuple[Path, Path], tmp_path: Path) -> None:
    async with serving(picture(), tls=tls_server(authority, [])) as origin:
        with pytest.raises(FetchFailed, match="TLS"):
            await fetcher(resolve=names(pictures_example=[ALLOWED])).fetch(
                f"https://pictures.example:{origin.port}/", LIMIT, tmp_path / "target"
            )


async def test_https_to_a_plain_http_server_fails(tmp_path: Path) -> None:
    async with serving(picture()) as origin:
        with pytest.raises(FetchFailed):
            await fetcher().fetch(f"https://{ALLOWED}:{origin.port}/", LIMIT, tmp_path / "target")
