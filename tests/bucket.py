"""An S3 server of this machine: moto's, in a process of its own, on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

SECRET = "not-to-be-shown"  # noqa: S105 - no secret: tests look for it in what is said
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """The server; its objects as bytes, by bucket and key."""

    endpoint: str

    def environment(self) -> dict[str, str]:
        """What the commands are told."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "reader",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The answer to one request."""
        headers = {
            "Content-Type": "application/octet-stream",  # else the body is taken for a form
            "Authorization": "AWS4-HMAC-SHA256 Credential=owner/20261117/us-east-1/s3/aws4_request",  # not looked at
        }
        request = Request(f"{self.endpoint}/{path}", data=body or None, method=method, headers=headers)  # noqa: S310
        with urlopen(request, timeout=START_SECONDS) as answer:  # noqa: S310 - our own server
            content: bytes = answer.read()
        return content

    def make(self, bucket: str) -> str:
        """A new bucket's url."""
        self.ask("PUT", bucket)
        return f"s3://{bucket}"

    def put(self, url: str, key: str, body: bytes) -> None:
        """Put an object, whatever its key."""
        self.ask("PUT", f"{url.removeprefix('s3://')}/{quote(key)}", body)

    def check_access(self, *, wanted: bool) -> None:
        """Whether the server looks at who asks."""
        self.ask("POST", "moto-api/reset-auth", b"0" if wanted else b"1e9")


@contextmanager
def running() -> Iterator[Server]:
    """The server, stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server = Server(f"http://127.0.0.1:{port}")
        _wait(server, process)
        yield server
    finally:
        process.terminate()
        process.wait()


def _wait(server: Server, process: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.ask("GET", "moto-api/")
        except (URLError, ConnectionError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
