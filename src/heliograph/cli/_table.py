"""Commands by name, imported on demand; hides click's ways of ending a program.

Every failure becomes one line on stderr and an exit code.
"""

import errno
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a write to a file says where the disk is full, or fails."""

INTERRUPTED = 130
"""What a shell reports for a program ended by Ctrl-C: 128 + SIGINT."""
TERMINATED = 143
"""And for one ended by SIGTERM."""


class Table(click.Group):
    """A group whose commands are named in a table: name -> ("module:object", help line)."""

    def __init__(self, *, commands_at: Mapping[str, tuple[str, str]], **settings: Any) -> None:  # noqa: ANN401 # click's own
        """Take the table, and click's settings of a group."""
        super().__init__(**settings)
        self.commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's own
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 # click's own
        if cmd_name not in self.commands_at:
            return None
        module, _, name = self.commands_at[cmd_name][0].partition(":")
        try:
            with _nothing_is_garbage():
                command: click.Command = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] == "heliograph":
                raise
            raise CommandError(
                f"'heliograph {cmd_name}' needs {error.name}. Install the server: pip install 'heliograph[server]'", 1
            ) from error
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What a shell completes here; no command is loaded for it."""
        rows = ((name, line) for name, (_, line) in self.commands_at.items() if name.startswith(incomplete))
        return [CompletionItem(name, help=line) for name, line in rows] + click.Command.shell_complete(
            self, ctx, incomplete
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 # click's own
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.commands_at.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002 # click's own
        **extra: Any,  # noqa: ANN401 # click's own
    ) -> NoReturn:
        """Run the program and exit; see click.Command.main."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        _end_cleanly_when_terminated()
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            sys.exit(error.exit_code)
        except CommandError as error:
            _end(error.message, error.exit_code)
        except click.UsageError as error:
            _end(_usage(error), error.exit_code)
        except click.ClickException as error:
            _end(error.format_message(), error.exit_code)
        except (click.Abort, KeyboardInterrupt) as end:
            if isinstance(end, Terminated) or isinstance(end.__cause__, Terminated):
                _end("terminated", TERMINATED)
            _end("interrupted", INTERRUPTED)
        except BrokenPipeError:
            _close_output()
            sys.exit(1)
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            _close_output()
            _end(f"What is printed cannot be written ({error.strerror}).", 1)
        sys.exit(code if isinstance(code, int) else 0)


@contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """While modules are loaded, and of what they made, ever: to look for garbage in it cost a tenth of the server's
    start, and would cost each full collection while it serves.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class Terminated(KeyboardInterrupt):
    """SIGTERM came: as Ctrl-C, all that is under way is put in order before the end."""


def _end_cleanly_when_terminated() -> None:
    """Have SIGTERM raise Terminated. Only the main thread may say so (Python docs, signal), as only it is told."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(_: int, __: FrameType | None) -> None:
    """Have SIGTERM leave nothing half done behind."""
    raise Terminated


class CommandError(Exception):
    """A command failed: one line that says what to do, and the exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        """Take what to print and how to end."""
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def _usage(error: click.UsageError) -> str:
    """What is wrong with the command line, and where to read how it is used."""
    path = error.ctx.command_path if error.ctx is not None else "heliograph"
    message = error.format_message().strip()
    return f"{message}{'' if message.endswith('.') else '.'} See '{path} --help'."


def _close_output() -> None:
    """Have nothing written at exit either, as nobody would read it (Python docs, SIGPIPE)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"heliograph: {' '.join(message.split())}", err=True)
    sys.exit(code)
