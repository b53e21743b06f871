# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a world, through the API of the running sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from moto.rds.models import rds_backends

from sandbox.rds.runtime import Runtime
from sandbox.scenario import World
from sandbox.world import surroundings
from sandbox.world.clusters import make_cluster
from sandbox.world.made import Made, Place, telling
from sandbox.world.people import OPERATOR, make_people
from sandbox.world.snapshots import begin_copies

# Most of the time goes into database servers, which are processes of their own.
SIDE_BY_SIDE = 4


class Clients:
    """boto3 clients of the sandbox, made once per service and place, with the keys of each account's operator."""

    def __init__(self, endpoint_url: str, made: Made) -> None:
        self._session: Any = boto3.Session()
        self._endpoint_url = endpoint_url
        self._made = made
        self._clients: dict[tuple[Place, str], Any] = {}
        self._lock = threading.Lock()

    def at(self, place: Place) -> Callable[[str], Any]:
        """Makes clients of that place by the service's name."""
        return lambda service: self._client(place, service)

    def _client(self, place: Place, service: str) -> Any:
        with self._lock:
            if (place, service) not in self._clients:
                access_key, secret_key = self._made.users[f"{place.account}/{OPERATOR}"]
                self._clients[place, service] = self._session.client(
                    service, region_name=place.region, endpoint_url=self._endpoint_url,
                    aws_access_key_id=access_key, aws_secret_access_key=secret_key,
                    config=Config(retries={"total_max_attempts": 1}, read_timeout=120),
                )  # fmt: skip
            return self._clients[place, service]


def regions_of(world: World) -> Iterator[tuple[Place, Any]]:
    """Every place in it, with what is there."""
    for account, content in world.accounts.items():
        for region, there in content.get("regions", {}).items():
            yield Place(account, region), there


def make_world(world: World, endpoint_url: str, runtime: Runtime) -> Made:
    """All of it; the runtime's durations should be none meanwhile.

    :raises SandboxError: which part can't be made, and why.
    """
    made, version = Made(), runtime.engines.seeded
    for account, content in world.accounts.items():
        make_people(account, content, made)
    clients = Clients(endpoint_url, made)

    def make(place: Place, name: str, content: Any) -> None:
        with telling(f"{place}/clusters/{name}"):
            make_cluster(clients.at(place), place, made, name, content, runtime)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        wanted = []
        for place, content in regions_of(world):
            client = clients.at(place)
            surroundings.make_parts(surroundings.BEFORE_CLUSTERS, client, place, made, content)
            surroundings.make_parts(surroundings.GROUPS, client, place, made, content, version)
            wanted += [pool.submit(make, place, *cluster) for cluster in content.get("clusters", {}).items()]
        for place, content in regions_of(world):
            surroundings.make_parts(surroundings.BESIDE_CLUSTERS, clients.at(place), place, made, content)
        for cluster in wanted:
            cluster.result()
    return made


def begin_what_is_under_way(world: World, made: Made, runtime: Runtime) -> None:
    """At the moment when the sandbox is ready. What made the world has not happened to anybody."""
    for _account, _region, backend in rds_backends.iter_backends():
        backend.happenings.clear()
    for place, content in regions_of(world):
        begin_copies(runtime, place, made, content.get("copies", {}))
