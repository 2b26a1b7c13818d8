"""Where a reader types: a shell, a Python, a notebook, and a terminal in which the server stays. All are real."""

import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, STDOUT

from nbclient import NotebookClient
from nbformat import v4

_END = "--- the end of what was printed:"


class _Program:
    """A program that takes lines, and prints to its standard output, errors included."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=PIPE, stdout=PIPE, stderr=STDOUT, text=True
        )

    def _told(self, source: str, seen: Callable[[str], None] | None = None) -> tuple[str, int]:
        """Type `source`, which prints a line with _END last; gives what was printed before it, and the number there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(source)
        self._process.stdin.flush()
        printed = ""
        for line in self._process.stdout:
            if line.startswith(_END):
                return printed.removesuffix("\n"), int(line.removeprefix(_END))
            printed += line
            if seen:
                seen(line)
        raise AssertionError(f"the program ended: {printed}")

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


class Shell(_Program):
    """bash; each line that a command prints is seen as it comes."""

    def __init__(self, folder: Path, environment: dict[str, str], seen: Callable[[str], None]) -> None:
        super().__init__(["bash"], folder, environment)
        self._seen = seen

    def run(self, source: str) -> tuple[str, int]:
        """What the command prints, and its exit code."""
        return self._told(f"{{ {source}\n}} </dev/null\nprintf '\\n{_END}%d\\n' $?\n", self._seen)


class Python(_Program):
    """A session of Python, as one has with `>>>`."""

    def __init__(self, python: Path, folder: Path, environment: dict[str, str]) -> None:
        quiet = "import sys; sys.ps1 = sys.ps2 = ''"
        super().__init__([str(python), "-q", "-u", "-i", "-c", quiet], folder, environment)

    def run(self, source: str) -> tuple[str, int]:
        """What the lines print; an error is seen by its traceback."""
        return self._told(f"{source}\nprint('\\n{_END}0')\n")


class Notebook:
    """A notebook and its kernel, as Jupyter has them."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._client = NotebookClient(v4.new_notebook(), timeout=60, kernel_name="python3")
        self._open = ExitStack()
        self._client.create_kernel_manager()
        self._open.enter_context(self._client.setup_kernel(env=environment, cwd=str(folder)))

    def run(self, source: str) -> tuple[str, int]:
        """What a new last cell prints; an error in it is raised as nbclient's CellExecutionError."""
        cells = self._client.nb.cells
        cells.append(v4.new_code_cell(source))
        cell = self._client.execute_cell(cells[-1], len(cells) - 1)
        return "".join(each.text for each in cell.outputs if each.output_type == "stream"), 0

    def close(self) -> None:
        """End the kernel."""
        self._open.close()


class Server:
    """A terminal in which a command stays, until Ctrl-C is pressed."""

    def __init__(self, command: str, folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command.split(), cwd=folder, env=environment, stdout=PIPE, stderr=STDOUT, text=True
        )

    def first(self, lines: int) -> str:
        """So many lines that it prints first."""
        assert self._process.stdout is not None
        return "".join(self._process.stdout.readline() for _ in range(lines))

    def close(self) -> None:
        """Press Ctrl-C."""
        assert self._process.stdout is not None
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(20)
        self._process.stdout.close()
        assert code == 0, f"the server ended with {code}"
