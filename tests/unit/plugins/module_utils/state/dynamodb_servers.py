# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two DynamoDBs that decide conditional writes one after the other, as AWS does: the sandbox's, and ministack."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

TESTS = Path(__file__).resolve().parents[4]
REGION = "us-west-2"


@dataclass(frozen=True)
class Server:
    """A running DynamoDB. Can be handed to other processes."""

    url: str
    access_key: str
    secret_key: str

    def client(self) -> Any:
        return boto3.client(
            "dynamodb",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(retries={"mode": "standard", "total_max_attempts": 6}),
        )


@contextlib.contextmanager
def sandbox(folder: Path) -> Iterator[Server]:
    """The sandbox, with nothing in it."""
    scenario, place = folder / "scenario.yml", folder / "world"
    scenario.write_text(json.dumps({"world": {"accounts": {"123456789012": {"regions": {REGION: {}}}}}}))
    command = [sys.executable, "-m", "sandbox"]
    subprocess.run(
        [*command, "up", "--dir", str(place), "--port", "0", "--scenario", str(scenario)],
        cwd=TESTS,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        info = json.loads((place / "endpoint.json").read_text())
        yield Server(info["endpoint_url"], **info["credentials"])
    finally:
        subprocess.run([*command, "down", "--dir", str(place)], cwd=TESTS, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def ministack(folder: Path) -> Iterator[Server]:
    """ministack, on a socket that is handed to it, so that nobody else can get the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener, (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", f"fd://{listener.fileno()}"],
            pass_fds=[listener.fileno()],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        port = listener.getsockname()[1]
    try:
        yield Server(f"http://127.0.0.1:{port}", "AKIAIOSFODNN7EXAMPLE", "not-a-secret")
    finally:
        process.terminate()
        process.wait(30)


SERVERS: dict[str, Callable[[Path], AbstractContextManager[Server]]] = {"sandbox": sandbox, "ministack": ministack}
