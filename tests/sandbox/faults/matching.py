# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which calls a fault is about, and which of them it hits. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fnmatch import fnmatchcase

from sandbox.faults.model import Fault
from sandbox.gateway.wire import Call


def is_about(fault: Fault, call: Call, principal: str | None, seconds: float) -> bool:
    """
    :param seconds: since the sandbox was ready.
    """
    return (
        seconds >= fault.after_seconds
        and _fits(fault.service, [call.service])
        and _fits(fault.action, [call.action])
        and _fits(fault.region, [call.region])
        and _fits(fault.resource, names_of(call.resource))
        and _fits(fault.principal, names_of(principal))
    )


def names_of(resource: str | None) -> list[str]:
    """What a resource can be called by: as the call names it; of an ARN also its last parts, with and without type."""
    if not resource:
        return []
    if not resource.startswith("arn:"):
        return [resource]
    last = resource.split(":", 5)[-1]
    return [resource, last, *(last.split(mark, 1)[1] for mark in ":/" if mark in last)]


def group_of(fault: Fault, call: Call) -> tuple[str, ...]:
    """What is counted together with this call."""
    if fault.each == "action":
        return (call.service, call.action)
    return (call.service, call.action, call.region, call.resource or "") if fault.each == "resource" else ()


def is_hit(fault: Fault, number: int, hits: int, draw: float) -> bool:
    """
    :param number: of the call among the matching ones of its group, from 1 on.
    :param hits: how many of them were hit so far.
    :param draw: between 0 and 1.
    """
    if fault.times is not None and hits >= fault.times:
        return False
    if fault.nth:
        return number in fault.nth
    return fault.probability is None or draw < fault.probability


def draw(seed: int, fault: Fault, group: tuple[str, ...], number: int) -> float:
    """The same for the same call of the same scenario, however calls of other kinds come in between."""
    return random.Random(f"{seed}/{fault.name}/{'/'.join(group)}/{number}").random()


def _fits(patterns: Sequence[str], names: Sequence[str]) -> bool:
    """RDS does not tell upper from lower case in names."""
    return not patterns or any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns for name in names)
