# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas, and how many calls a second are answered."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sandbox.clock import Clock, SystemClock
from sandbox.errors import SandboxError
from sandbox.faults import vocabulary


@dataclass(frozen=True)
class Limits:
    """Of one account in one region. The quotas are AWS's defaults
    (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html); no rate of calls is published.

    :param copies_in_progress: of cluster snapshots from other regions.
    :param calls_per_second: of each service; one number, or a mapping from service to number. None: as many as come.
    :param burst: how many calls may come at once after a pause; None: those of one second.
    """

    clusters: int = 40
    instances: int = 40
    manual_snapshots: int = 100
    copies_in_progress: int = 5
    roles_per_cluster: int = 5
    calls_per_second: float | Mapping[str, float] | None = None
    burst: int | None = None

    @classmethod
    def parse(cls, mapping: Mapping[str, Any], where: str = "limits") -> Limits:
        """
        :raises SandboxError: an unknown name, or a value that is no limit.
        """
        known = [item.name for item in fields(cls)]
        for name, value in mapping.items():
            if name not in known:
                hint = vocabulary.near(name, known) or f"; there are {', '.join(known)}"
                raise SandboxError(f"{where}: there is no limit {name}{hint}.")
            if name == "calls_per_second":
                _check_rate(value, f"{where}.{name}")
            elif not _is_number(value, int) or value < (1 if name == "burst" else 0):
                raise SandboxError(f"{where}.{name}: must be a whole number, not {value!r}.")
        return cls(**mapping)

    def rate(self, service: str) -> float | None:
        """Calls per second of a service, or None."""
        if isinstance(self.calls_per_second, Mapping):
            return self.calls_per_second.get(service)
        return self.calls_per_second


def _check_rate(value: Any, where: str) -> None:
    for service, rate in (value if isinstance(value, Mapping) else {"rds": value}).items():
        if service not in vocabulary.services():
            hint = vocabulary.near(str(service), vocabulary.services())
            raise SandboxError(f"{where}: AWS has no service {service}{hint}.")
        if not _is_number(rate, (int, float)) or not 0 < rate <= 100_000:
            raise SandboxError(f"{where}: must be a number of calls above 0, not {rate!r}.")


def _is_number(value: Any, kinds: Any) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


@dataclass
class _Bucket:
    tokens: float
    filled: float = field(default=0.0)


class Rates:
    """A token bucket for each account, region and service. Closed at first."""

    def __init__(self, limits: Limits, clock: Clock | None = None) -> None:
        self._limits = limits
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}
        self._open = False

    def open(self) -> None:
        self._open = True

    def is_exceeded(self, account: str, region: str, service: str) -> bool:
        """Counts a call; whether it is one too many."""
        rate = self._limits.rate(service) if self._open else None
        if rate is None:
            return False
        most = float(self._limits.burst or max(1.0, rate))
        now = self._clock.monotonic()
        with self._lock:
            bucket = self._buckets.setdefault((account, region, service), _Bucket(most, now))
            bucket.tokens = min(most, bucket.tokens + (now - bucket.filled) * rate)
            bucket.filled = now
            if bucket.tokens < 1.0:
                return True
            bucket.tokens -= 1.0
            return False
