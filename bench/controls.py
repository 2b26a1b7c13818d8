"""What the server is measured against: nginx for bytes in and out, plain libraries for the work on pixels."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyvips
from PIL import Image

from bench.machine import free_port, wait_until_open

NGINX = """
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log warn;
worker_processes 2;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  types {{ image/png png; image/jpeg jpg; }}
  client_body_temp_path {root}/body;
  proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi;
  scgi_temp_path {root}/scgi;
  client_max_body_size 64m;
  server {{
    listen 127.0.0.1:{port} backlog=2048;
    root {root}/files;
    location /put/ {{ dav_methods PUT; create_full_put_path on; }}
  }}
}}
"""


class Nginx:
    """nginx of Debian's packages on a free port of 127.0.0.1: serves files and takes WebDAV PUT, durable by nothing."""

    def __init__(self, work: Path) -> None:
        self._binary = program("nginx", "nginx-light")
        self.root = Path(tempfile.mkdtemp(prefix="nginx-", dir=work))
        self.files = self.root / "files"
        self.files.mkdir()
        self.port = free_port()
        configuration = self.root / "nginx.conf"
        user = "user root;\n" if os.geteuid() == 0 else ""
        configuration.write_text(user + NGINX.format(root=self.root, port=self.port))
        self._process = subprocess.Popen(
            [self._binary, "-p", self.root, "-c", configuration], stderr=subprocess.DEVNULL
        )
        wait_until_open(self.port, self._process)

    @property
    def version(self) -> str:
        """As nginx tells it."""
        return (
            subprocess.run([self._binary, "-v"], capture_output=True, text=True, check=True)
            .stderr.split("/")[-1]
            .strip()
        )

    def forget_uploads(self) -> None:
        """Throw away what was PUT, so that each round writes new files."""
        shutil.rmtree(self.files / "put", ignore_errors=True)

    def stop(self) -> None:
        """End nginx and remove its files."""
        self._process.terminate()
        self._process.wait(10)
        shutil.rmtree(self.root, ignore_errors=True)


def program(name: str, package: str) -> str:
    """The path of a program; its Debian package is installed where it is missing (that needs root)."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    found = shutil.which(name, path=path)
    if found is None:
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", package], check=True, env=quiet, stdout=subprocess.DEVNULL)
        found = shutil.which(name, path=path)
    assert found is not None, f"{package} brings {name}"
    return found


def unavoidable_seconds(pictures: Sequence[Path], folder: Path) -> float:
    """CPU seconds of this one thread for each picture: SHA-256, the cheapest full decode, write and fsync.

    The cheapest decode of a JPEG that reads all of it is libjpeg-turbo's at 1/8 scale; a PNG is inflated wholly.
    """
    sources = [(path.read_bytes(), path) for path in pictures]
    target = folder / "unavoidable"
    _decode(pictures[0])  # loads the decoder
    began = time.thread_time()
    for data, path in sources:
        hashlib.sha256(data).digest()
        _decode(path)
        with target.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    spent = time.thread_time() - began
    target.unlink()
    return spent / len(sources)


def _decode(path: Path) -> None:
    with Image.open(path) as image:
        image.draft("RGB", (image.width // 8, image.height // 8))
        image.load()


def thumbnails_per_second(pictures: Sequence[Path], side: int, quality: int) -> float:
    """Plain libvips: JPEG file to JPEG bytes of at most `side` pixels, in two threads, `VIPS_CONCURRENCY=1`."""

    def one(path: Path) -> int:
        small = pyvips.Image.thumbnail(path, side, height=side, size="down")
        return len(small.jpegsave_buffer(Q=quality, keep="icc"))

    began = time.perf_counter()
    with ThreadPoolExecutor(2) as threads:
        assert all(threads.map(one, pictures))
    return len(pictures) / (time.perf_counter() - began)
