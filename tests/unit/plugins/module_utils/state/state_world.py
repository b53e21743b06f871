# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DynamoDB table behind a real botocore client."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.operation import Start
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import Owner
from moto.server import ThreadedMotoServer

TARGET = "123456789012/us-west-2/shop-staging"
numbers = itertools.count()


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def client(endpoint: str) -> Any:
    return boto3.client(
        "dynamodb",
        region_name="us-west-2",
        endpoint_url=endpoint,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="not-a-secret",
    )


@pytest.fixture
def table(client: Any) -> str:
    return make_table(client, ("operation_id", "step"))


def make_table(client: Any, keys: tuple[str, ...]) -> str:
    name = f"state-{next(numbers)}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
    )
    return name


class FakeClock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def owner(pid: int = 11, host: str = "runner-1", start: int = 5) -> Owner:
    return Owner(host, "boot", "4026531836", pid, start)


def start_of(table: str, clock: FakeClock, by: Owner | None = None, **more: Any) -> Start:
    values: dict[str, Any] = {
        "table": table,
        "region": "us-west-2",
        "endpoint_url": None,
        "target": TARGET,
        "source": {"account": "123456789012", "region": "us-east-1", "cluster_id": "shop-production"},
        "inputs": {"final_snapshot": "before"},
        "lease_seconds": 60,
        "owner": by or owner(),
        "dead": lambda other, here: False,
        "monotonic": clock.monotonic,
    }
    return Start(**{**values, **more})


def poller(clock: FakeClock, timeout: float = 0, interval: float = 4) -> Poller:
    return Poller(timeout, interval, lambda status, percent: None, clock)
