"""`heliograph serve`: one server on one machine, nothing set up by hand."""

import asyncio
import logging
import shlex
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from heliograph.cli._table import CommandError
from heliograph.server.app import FIRST_KEY, Server
from heliograph.server.config import BadSetting, Settings, described, load
from heliograph.server.errors import StorageUnavailable
from heliograph.server.http.heads import tidied

SAMPLE = Path(__file__).with_name("sample.jpg")
"""A photograph to try the server with: the launch of DSCOVR, by SpaceX, CC0 (scikit-image's `rocket`)."""

_IDLE_SECONDS = 5
"""Idle connections are closed after so long: npm's imgur 2.6.1 waits for the server to do it (wire page clients,
15).
"""

_LONGEST_HEAD = 256 * 1024
"""Bytes of a head: four times what the parser takes as an address. It puts together what comes in pieces in quadratic
time.
"""
_HEAD_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

_SHUTDOWN_SECONDS = 10
"""How long requests under way may take to finish when the server is told to stop."""


async def _serve(settings: Settings) -> None:
    listener = _listen(settings.host, settings.port)
    app = Server(replace(settings, port=listener.getsockname()[1]))
    config = uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        backlog=2048,
    )
    server = _Server(config)
    try:
        await app.start()
        _greet(app, settings)
        await server.serve(sockets=[listener])
    finally:
        await app.stop()


class _Connection(HttpToolsProtocol):
    """A connection whose requests may begin as programs write them, but not at any length. Of several that come in one
    go, the first may.
    """

    _is_between_requests = True
    _since_progress = 0

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, or of several. What never ends is refused: a head, or one behind the body."""
        self._since_progress += len(data)
        super().data_received(tidied(data) if self._is_between_requests else data)
        if self._since_progress > _LONGEST_HEAD and not self._is_between_requests:
            self.transport.write(_HEAD_TOO_LONG)
            self.transport.close()

    def on_message_begin(self) -> None:
        """The first byte of a request was read."""
        self._is_between_requests = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The whole head was."""
        self._since_progress = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body was."""
        self._since_progress = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte was."""
        self._is_between_requests = True
        self._since_progress = 0
        super().on_message_complete()


class _Server(uvicorn.Server):
    """Ends in peace when told to: uvicorn's own raises the signal again and so skips what is to be closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as the request to finish what is under way and return."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise CommandError(
            f"cannot listen on {host}:{port}: {error.strerror}. Choose another with --port.", 1
        ) from error
    listener.listen(2048)
    return listener


def _greet(app: Server, settings: Settings) -> None:
    """Print what a newcomer needs: the address, the key, and a line that uploads a picture as it stands."""
    click.echo(f"Heliograph is at {app.links.public}/ and keeps its data in {settings.data_dir}")
    if settings.host in ("0.0.0.0", "::") and not settings.public_url:  # noqa: S104 - only compared
        click.echo("All links begin so: set HELIOGRAPH_PUBLIC_URL to the address that people reach it by.", err=True)
    if app.first_key and (app.first_key_is_new or sys.stdout.isatty()):
        click.echo(f"Key: {app.first_key}")
        sample = shlex.quote(f"image=@{SAMPLE}")
        click.echo("Try:")
        click.echo(f"  curl -H 'Authorization: Bearer {app.first_key}' -F {sample} {app.links.public}/api/v1/images")
    elif app.first_key:  # a log is no place for secrets
        click.echo(f"Key: in the file {settings.data_dir / FIRST_KEY}")
    sys.stdout.flush()


def _options(command: click.Command) -> click.Command:
    """An option for each row of the table of settings."""
    for each in described():
        command.params.append(
            click.Option(
                [each.option],
                help=f"{each.help}  [{each.variable}; default: {each.default or 'empty'}]",
                metavar="VALUE",
            )
        )
    return command


@click.command(
    help="Run the server. Every setting is an option here, a variable, or a line of the TOML file HELIOGRAPH_CONFIG."
)
def serve(**options: str | None) -> None:
    """Run the server until it is told to stop."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING, stream=sys.stderr)
    try:
        settings = load(options)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings))
    except BadSetting as problem:
        raise CommandError(str(problem), 2) from problem
    except StorageUnavailable as problem:
        cause = problem.__cause__ or problem
        raise CommandError(
            f"the database or the store cannot be used: {cause}. Check HELIOGRAPH_DATABASE_URL, "
            "HELIOGRAPH_STORAGE_URL and the data folder.",
            1,
        ) from problem
    except OSError as problem:
        raise CommandError(f"cannot start: {problem}. Check HELIOGRAPH_DATA_DIR and its permissions.", 1) from problem


_options(serve)
