"""The hosts that programs have built in, led to a server on this machine, without changing a byte of either.

A program runs with a hosts file of its own (in a mount namespace of its own, so nobody else sees it), in which
`api.imgur.com` and the rest stand for an address on which a front listens. The front ends TLS with a certificate of a
test authority and hands every byte on to the server, which sees `Host: api.imgur.com` and no forwarding headers.
"""

import os
import random
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import trustme

HOSTS = (
    "api.imgur.com",
    "imgur.com",
    "www.imgur.com",
    "i.imgur.com",
    "stackoverflow.com",
    "stackexchange.com",
    "chat.stackoverflow.com",
    "mobile.stackexchange.com",
    "i.stack.imgur.com",
    "i.sstatic.net",
)
"""What programs have built in (wire page clients)."""

BUNDLE = "ca-certificates.crt"
_PLACE = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/ssl/certs && shift 2 && exec "$@"'


@dataclass(frozen=True)
class Redirect:
    """What a program needs so that it reaches the server by the hosts that it has built in."""

    hosts: Path
    authorities: Path

    def command(self, words: Sequence[str]) -> list[str]:
        """The command, with the hosts file and the test authority in the places where programs look."""
        return ["unshare", "--mount", "sh", "-c", _PLACE, "sh", str(self.hosts), str(self.authorities), *words]

    @property
    def environment(self) -> dict[str, str]:
        """Where programs that bring an own list of authorities are told of the test authority."""
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO")
        return dict.fromkeys(names, str(self.authorities / BUNDLE))

    def run(
        self, words: Sequence[str], *, folder: Path, more: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, its home a new folder."""
        home = folder / "home"
        home.mkdir(exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        environment = kept | {"HOME": str(home), **self.environment, **(more or {})}
        return subprocess.run(
            self.command(words), env=environment, cwd=folder, input=stdin, capture_output=True, text=True, timeout=120
        )


@contextmanager
def redirected(server: str, folder: Path) -> Iterator[Redirect]:
    """Lead `HOSTS` to the server at the address `server`, on the ports 80 and 443."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*HOSTS).configure_cert(context)
    hosts, authorities = folder / "hosts", folder / "certs"
    near = f"127.77.{random.randrange(256)}.{random.randrange(1, 255)}"  # so that two runs are out of each other's way
    hosts.write_text(f"127.0.0.1 localhost\n{near} {' '.join(HOSTS)}\n")
    _keep(authority, authorities)
    upstream = urlsplit(server)
    assert upstream.hostname is not None
    to = (upstream.hostname, upstream.port or 80)
    with _front((near, 80), None, to), _front((near, 443), context, to):
        yield Redirect(hosts, authorities)


def _keep(authority: trustme.CA, folder: Path) -> None:
    """The folder of authorities as Debian has it: all in one file, and each by the hash of its name (Qt asks so)."""
    folder.mkdir()
    authority.cert_pem.write_to_path(folder / BUNDLE)
    told = subprocess.run(
        ["openssl", "x509", "-noout", "-subject_hash", "-in", folder / BUNDLE],
        capture_output=True,
        text=True,
        check=True,
    )
    authority.cert_pem.write_to_path(folder / f"{told.stdout.strip()}.0")


@contextmanager
def _front(address: tuple[str, int], context: ssl.SSLContext | None, upstream: tuple[str, int]) -> Iterator[None]:
    listener = socket.create_server(address)
    thread = threading.Thread(target=_accept, args=(listener, context, upstream), daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _accept(listener: socket.socket, context: ssl.SSLContext | None, upstream: tuple[str, int]) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_carry, args=(client, context, upstream), daemon=True).start()


def _carry(client: socket.socket, context: ssl.SSLContext | None, upstream: tuple[str, int]) -> None:
    with suppress(OSError), client, socket.create_connection(upstream) as server:
        near = context.wrap_socket(client, server_side=True) if context else client
        with near:
            back = threading.Thread(target=_pass_on, args=(server, near), daemon=True)
            back.start()
            _pass_on(near, server)
            back.join(60)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(65536):
            target.sendall(block)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
