"""The machine and the processes on it: what they are, what they use, when they are ready."""

import os
import platform
import socket
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import psutil


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_open(port: int, process: "subprocess.Popen[bytes]", seconds: float = 20.0) -> None:
    """Wait until something takes connections. Raises RuntimeError when the process ends or the time is over."""
    give_up = time.perf_counter() + seconds
    while time.perf_counter() < give_up and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.002)
    raise RuntimeError(f"{process.args!r} did not open port {port}; exit status {process.poll()}")


def tree(pid: int) -> list[psutil.Process]:
    """A process and all that it started, as far as they still live."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """User and system time of a whole tree, with the children that have already ended."""
    total = 0.0
    for process in tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def pss_megabytes(pid: int) -> float:
    """Summed proportional set size of a whole tree, in units of 1,000,000 bytes."""
    kilobytes = 0
    for process in tree(pid):
        try:
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        except (OSError, psutil.NoSuchProcess):
            continue
        kilobytes += next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return kilobytes * 1024 / 1e6


def load_average() -> str:
    """The three load averages, as uptime prints them."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def describe() -> list[tuple[str, str]]:
    """Facts of the machine and of the versions that matter to the figures."""
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return [
        ("processor", f"{processor}, {os.cpu_count()} cores"),
        ("memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
        (
            "system",
            f"{system}, Linux {platform.release()}, {platform.python_implementation()} {platform.python_version()}",
        ),
        (
            "versions",
            ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "pyvips-binary", "pillow", "sqlalchemy")),
        ),
    ]
