"""A real OpenID Connect provider on 127.0.0.1: the program `oidc-provider-mock`, and what people do there."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.running import free_port

SCRIPT = Path(sys.executable).with_name("oidc-provider-mock")


@contextmanager
def openid_provider(*options: str, **users: dict[str, object]) -> Iterator[str]:
    """The issuer. `users`: subject -> claims; anybody else who comes is let in too, without claims."""
    with openid_process(free_port(), *options, **users) as (issuer, _):
        yield issuer


@contextmanager
def openid_process(
    port: int, *options: str, **users: dict[str, object]
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The same at a port, and its process, for who wants to end it."""
    known = [word for sub, claims in users.items() for word in ("--user-claims", json.dumps({"sub": sub, **claims}))]
    command = [SCRIPT, "--host", "127.0.0.1", "--port", str(port), *known, *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(issuer, process)
        yield issuer, process
    finally:
        process.terminate()
        process.wait(20)


def consent(address: str, subject: str) -> str:
    """Log in at the provider as that person. Returns the address that it sends the browser back to."""
    return _answer(address, {"sub": subject})


def deny(address: str) -> str:
    """Say no at the provider. Returns the same."""
    return _answer(address, {"action": "deny"})


def _answer(address: str, form: dict[str, str]) -> str:
    answer = httpx2.post(address, data=form, timeout=30, trust_env=False)
    assert answer.status_code == 302, answer.text
    location: str = answer.headers["location"]
    return location


def _wait_until_ready(issuer: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the provider ended"
        try:
            if httpx2.get(f"{issuer}/jwks", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError("the provider did not become ready")
