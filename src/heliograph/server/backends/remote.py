"""Fetcher over httpcore2: downloads a picture by URL without becoming a way into the network the server stands in.

Hides how an address is judged and how the judgement is kept. The host is resolved once for each connection, every
answer is checked, and the connection goes to the very address that was checked, so a name that changes its mind in
between (DNS rebinding), an odd spelling of an address, or a redirect gains nothing; TLS still proves the host's name.
Nothing of the environment is used (no proxies), nothing is carried from one request to the next (no cookies, no
credentials, no connections).
"""

import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

import anyio
import anyio.to_thread
import httpcore2
import httpx2

from heliograph.server.errors import FetchFailed, ForbiddenAddress, InvalidUrl, StorageUnavailable, TooManyBytes
from heliograph.server.ports import Fetcher

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) -> IP addresses as text, the likelier first, none where the name is unknown; asked once a connection."""

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_ADDRESSES = 4
"""How many of a host's addresses are tried, each for at most the connect timeout."""

# Ports below 1024 other than 80 and 443, and these above, belong to other protocols (mail, chat, X11 ...), which a
# request may be made to speak by accident. They are the ones that browsers refuse too (WHATWG Fetch, "port blocking").
WEB_PORTS = {"http": 80, "https": 443}
OTHER_PROTOCOLS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)

# What IANA's special-purpose registries keep out of the public internet, and one cloud's metadata host outside of them.
NOT_PUBLIC_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # carrier-grade NAT; metadata at 100.100.100.200
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # metadata and DNS of a large cloud, on a public address
            "169.254.0.0/16",  # link-local; metadata at 169.254.169.254
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments; metadata at 192.0.0.192
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarking
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
# Only 2000::/3 is in use as public IPv6. That leaves out loopback, unspecified, IPv4-mapped and -compatible addresses,
# unique local (metadata at fd00:ec2::254), link-local, site-local and multicast ones without naming them.
PUBLIC_IPV6 = IPv6Network("2000::/3")
NOT_PUBLIC_IPV6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, among them Teredo and ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an IPv4 address in disguise
            "3fff::/20",  # documentation
        ),
    )
)
NAT64 = IPv6Network("64:ff9b::/96")
"""How a network without IPv4 writes an IPv4 address: its last four bytes are judged instead."""


def is_public(address: Address) -> bool:
    """Whether `address` belongs to the public internet, as what it really leads to."""
    if isinstance(address, IPv6Address) and address in NAT64:
        address = IPv4Address(address.packed[-4:])
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_IPV4)
    return address in PUBLIC_IPV6 and not any(address in network for network in NOT_PUBLIC_IPV6)


def parse_ranges(text: str) -> tuple[Network, ...]:
    """Read address ranges separated by commas or blanks ("127.0.0.0/8, fd00::/8"). Raises ValueError."""
    return tuple(ip_network(part) for part in text.replace(",", " ").split())


async def resolve_by_system(host: str, port: int, *, limiter: anyio.CapacityLimiter | None = None) -> Sequence[str]:
    """Ask the system's resolver, which also reads spellings like 2130706433 or 0x7f.1 as the addresses they are."""
    ask = partial(socket.getaddrinfo, host.encode("ascii"), port, type=socket.SOCK_STREAM)
    try:
        answers = await anyio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=limiter)
    except (socket.gaierror, UnicodeError):
        return []
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class _CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections, but only to addresses that are public or inside `allow`."""

    def __init__(self, allow: Sequence[Network], resolve: Resolver) -> None:
        self._allow = allow
        self._resolve = resolve
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve `host`, check, and connect to what was checked. Raises ForbiddenAddress before any packet is sent."""
        addresses = [ip_address(text) for text in await self._resolve(host, port)]
        if not addresses:
            raise FetchFailed("The host in that URL could not be found.")
        permitted = [address for address in addresses if self._permits(address)]
        if not permitted:
            raise ForbiddenAddress
        for address in permitted[:MAX_ADDRESSES]:
            try:
                return await self._sockets.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        raise FetchFailed("The server at that URL could not be reached.")

    def _permits(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self._allow)


class RemoteFetcher(Fetcher):
    """The Fetcher of the server; safe to use from many tasks at once.

    allow: address ranges reachable besides the public internet. connect_timeout: seconds for each address tried and for
    the TLS handshake. idle_timeout: seconds between two pieces of an answer. total_timeout: seconds for everything,
    redirects included, which bounds servers that drip. tls: trusted certificates, the system's unless given.
    """

    def __init__(
        self,
        *,
        allow: Sequence[Network] = (),
        connect_timeout: float = 5.0,
        idle_timeout: float = 10.0,
        total_timeout: float = 30.0,
        user_agent: str = "Heliograph (image host; fetches a picture that a user named)",
        resolve: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Keep the settings; nothing is opened before the first fetch."""
        # Its own few threads: names that resolve slowly must not hold up the threads that store pictures.
        by_system = partial(resolve_by_system, limiter=anyio.CapacityLimiter(8))
        self._network = _CheckedNetwork(allow, resolve or by_system)
        self._total_timeout = total_timeout
        self._timeouts = {
            "connect": connect_timeout, "read": idle_timeout, "write": idle_timeout, "pool": connect_timeout,
        }  # fmt: skip
        self._headers = [
            (b"user-agent", user_agent.encode("ascii")),
            (b"accept", b"image/*,*/*;q=0.5"),
            (b"accept-encoding", b"identity"),
        ]
        self._given_tls = tls

    async def fetch(self, url: str, limit: int, target: Path) -> tuple[int, bytes]:
        """Download `url` as the port `Fetcher` promises. What a failed fetch leaves in `target` is to be thrown away.

        Raises StorageUnavailable when `target` cannot be written, besides what the port names.
        """
        start = _usable(url)
        if start is None:
            raise InvalidUrl(url=url)
        if not _for_the_web(start):
            raise InvalidUrl("The URL's port is not one that pictures are fetched from.", url=url)
        try:
            with anyio.fail_after(self._total_timeout):
                return await self._follow(start, limit, target)
        except TimeoutError as error:
            raise FetchFailed(f"The download took longer than {self._total_timeout:g} seconds.") from error
        except httpcore2.TimeoutException as error:
            raise FetchFailed("The server at that URL did not answer in time.") from error
        except httpcore2.ConnectError as error:
            raise FetchFailed("No trustworthy TLS connection to the host in that URL could be made.") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise FetchFailed("The server at that URL broke off, or does not speak HTTP.") from error

    async def _follow(self, url: httpx2.URL, limit: int, target: Path) -> tuple[int, bytes]:
        """Ask for `url` and for what it redirects to, until an answer is the picture."""
        for _ in range(1 + MAX_REDIRECTS):
            async with self._answer(url) as response:
                headers = {name.lower(): value for name, value in response.headers}
                if response.status not in REDIRECTS:
                    return await _save(response, headers, limit, target)
                url = _redirected(url, headers)
        raise FetchFailed(f"The URL redirects more than {MAX_REDIRECTS} times.")

    @asynccontextmanager
    async def _answer(self, url: httpx2.URL) -> AsyncIterator[httpcore2.Response]:
        """Send the request over a connection of its own, and give the answer while its body is still to come."""
        origin = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        headers = [*self._headers, (b"host", url.netloc)]
        async with (
            httpcore2.AsyncConnectionPool(
                ssl_context=self._tls if url.scheme == "https" else None, network_backend=self._network
            ) as pool,
            pool.stream("GET", origin, headers=headers, extensions={"timeout": self._timeouts}) as response,
        ):
            yield response

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made at the first https fetch: reading the system's certificates takes some 20 ms."""
        return self._given_tls or httpx2.create_ssl_context(trust_env=False)


def _usable(text: str) -> httpx2.URL | None:
    """Read an absolute http(s) URL without user name and password, or None where it is not one."""
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        return None
    return url if url.scheme in WEB_PORTS and url.raw_host and not url.userinfo else None


def _for_the_web(url: httpx2.URL) -> bool:
    """Whether the URL's port may be one of a web server."""
    port = WEB_PORTS[url.scheme] if url.port is None else url.port
    return port in WEB_PORTS.values() or (1024 <= port <= 65535 and port not in OTHER_PROTOCOLS)


def _redirected(url: httpx2.URL, headers: Mapping[bytes, bytes]) -> httpx2.URL:
    """Where a redirect from `url` leads. Raises FetchFailed where a picture cannot be there."""
    try:
        joined = str(url.join(headers[b"location"].decode("utf-8", "replace")))
    except (KeyError, httpx2.InvalidURL):
        joined = ""
    usable = _usable(joined)
    if usable is None or not _for_the_web(usable):
        raise FetchFailed("The URL redirects to something that is not a usable http or https URL.")
    return usable


async def _save(
    response: httpcore2.Response, headers: Mapping[bytes, bytes], limit: int, target: Path
) -> tuple[int, bytes]:
    """Write the answer's body to `target`, counting and hashing what arrives and trusting no header about it."""
    if response.status != 200:
        raise FetchFailed(f"The server at that URL answered with status {response.status} instead of a picture.")
    if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
        raise FetchFailed("The server at that URL sent the picture compressed, although it was asked not to.")
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limit:
        raise TooManyBytes
    size, digest = 0, hashlib.sha256()
    try:
        async with await anyio.open_file(target, "wb") as file:
            async for chunk in response.aiter_stream():
                size += len(chunk)
                if size > limit:
                    raise TooManyBytes
                digest.update(chunk)  # at most 64 KiB, some 40 microseconds
                await file.write(chunk)
    except OSError as error:  # a TimeoutError is an OSError too, but fail_after makes it only outside of here
        raise StorageUnavailable from error
    if not size:
        raise FetchFailed("The server at that URL answered with nothing.")
    return size, digest.digest()
