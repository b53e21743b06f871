# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the world, through the API of the running sandbox."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.config import Config

from sandbox.rds.engines import family_of
from sandbox.rds.runtime import Runtime
from sandbox.world import clusters, surroundings
from sandbox.world.names import PRODUCTION, SOURCE_REGION, STAGING, TARGET_REGION
from sandbox.world.surroundings import World


class Clients:
    """boto3 clients of the sandbox, made once per service and region."""

    def __init__(self, endpoint_url: str, access_key: str, secret_key: str) -> None:
        self._session: Any = boto3.Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key)
        self._endpoint_url = endpoint_url
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str, region: str) -> Any:
        with self._lock:
            if (service, region) not in self._made:
                self._made[service, region] = self._session.client(
                    service, region_name=region, endpoint_url=self._endpoint_url,
                    config=Config(retries={"total_max_attempts": 1}, read_timeout=120),
                )  # fmt: skip
            return self._made[service, region]


def make_world(client: Clients, runtime: Runtime) -> World:
    """Everything of world/; the runtime's durations should be none meanwhile."""
    world = World()
    family = family_of(runtime.engines.seeded)
    surroundings.make_keys(client, world)
    surroundings.make_monitoring_role(client, world)
    surroundings.make_network(client, world, SOURCE_REGION, PRODUCTION, family)
    surroundings.make_network(client, world, TARGET_REGION, STAGING, family)
    surroundings.make_secrets(client, world)
    clusters.make_clusters(client, world, runtime)
    surroundings.make_messaging(client, world)
    surroundings.make_tables(client)
    return world
