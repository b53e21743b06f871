# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things take, in seconds: fixed, or drawn from a range with a seed."""

from __future__ import annotations

import difflib
import random
from collections.abc import Mapping
from typing import Any

from sandbox.errors import SandboxError

LONGEST = 86400.0
Range = tuple[float, float]


class Duration:
    """One of them, with its default. Each access is a draw: the n-th of a name is the same for the same seed."""

    def __init__(self, default: float) -> None:
        self.default = default

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    def __get__(self, durations: Durations, _owner: type | None = None) -> float:
        return durations.draw(self.name)


class Durations:
    """Seconds from a call to the end of what it started; the data plane may need longer."""

    snapshot_create = Duration(2.0)
    snapshot_copy = Duration(4.0)
    cluster_create = Duration(3.0)
    cluster_restore = Duration(3.0)
    cluster_delete = Duration(2.0)
    cluster_rename = Duration(2.0)
    cluster_start = Duration(3.0)
    cluster_stop = Duration(2.0)
    instance_create = Duration(3.0)
    instance_delete = Duration(2.0)
    instance_modify = Duration(1.0)
    instance_rename = Duration(2.0)
    # ModifyDBCluster: from the call to the moment the status shows it ...
    modify_lag = Duration(0.5)
    # ... and from there to the end.
    cluster_modify = Duration(0.5)
    master_password = Duration(1.0)
    # From the end of a rename to the moment when the endpoint follows.
    dns = Duration(0.5)
    # Making, changing or deleting a CloudFormation stack, whatever its size; 0: within the call.
    stack_operation = Duration(1.0)

    def __init__(self, ranges: Mapping[str, Range] | None = None, seed: int = 0) -> None:
        self._ranges = {name: (item.default, item.default) for name, item in ALL.items()} | dict(ranges or {})
        self._seed = seed
        # One for each name, so that a name's draws do not depend on what else happens, or when.
        self._random = {name: random.Random(f"{seed}/{name}") for name in self._ranges}

    def draw(self, name: str) -> float:
        low, high = self._ranges[name]
        return low if low == high else self._random[name].uniform(low, high)

    def range_of(self, name: str) -> Range:
        """The lowest and the highest value, the same for a fixed one."""
        return self._ranges[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Durations) and (self._ranges, self._seed) == (other._ranges, other._seed)

    def __hash__(self) -> int:
        return hash((tuple(sorted(self._ranges.items())), self._seed))

    @classmethod
    def none(cls) -> Durations:
        """Everything at once; for making the world."""
        return cls(dict.fromkeys(ALL, (0.0, 0.0)))

    @classmethod
    def of(cls, given: Mapping[str, Any], seed: int = 0) -> Durations:
        """From a scenario's ``name: seconds`` or ``name: [lowest, highest]``; what is left out keeps its default.

        :raises SandboxError: an unknown name, or a value that is no duration.
        """
        return cls({_known(name): _range(name, value) for name, value in given.items()}, seed)

    def overridden(self, text: str) -> Durations:
        """With those that ``name=seconds,...`` names; ``name=lowest..highest`` is a range.

        :raises SandboxError: an unknown name, or a value that is no duration.
        """
        changes = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, _sep, value = part.partition("=")
            values = [_number(piece) for piece in value.split("..")]
            changes[_known(name)] = _range(name, values if len(values) > 1 else values[0])
        return Durations(self._ranges | changes, self._seed)

    @classmethod
    def parse(cls, text: str) -> Durations:
        """The defaults, overridden by ``name=seconds,...``.

        :raises SandboxError: an unknown name, or a value that is no duration.
        """
        return cls().overridden(text)


ALL: dict[str, Duration] = {name: item for name, item in vars(Durations).items() if isinstance(item, Duration)}


def _known(name: str) -> str:
    if name not in ALL:
        near = difflib.get_close_matches(name, ALL, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise SandboxError(f"There is no duration named {name}{hint}; there are: {', '.join(ALL)}.")
    return name


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _range(name: str, value: Any) -> Range:
    pair = value if isinstance(value, list) else [value, value]
    for item in pair:
        if isinstance(item, bool) or not isinstance(item, int | float) or not 0 <= item <= LONGEST:
            found = "nothing" if item in ("", None) else item
            raise SandboxError(f"The duration {name} must be between 0 and {LONGEST:.0f} seconds, not {found}.")
    if len(pair) != 2 or pair[0] > pair[1]:
        raise SandboxError(f"The duration {name} must be one number of seconds, or the lowest and the highest of two.")
    return float(pair[0]), float(pair[1])
