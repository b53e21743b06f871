# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a Scenario of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.durations import Durations
from sandbox.errors import SandboxError
from sandbox.faults import Fault, Limits, parse_faults
from sandbox.scenario.checking import check
from sandbox.scenario.reading import read_yaml
from sandbox.scenario.worlds import World, demo, without_nulls, world_of


@dataclass(frozen=True)
class Scenario:
    """Everything that a scenario file can say; by default the demo."""

    seed: int = 0
    durations: Durations = field(default_factory=Durations)
    limits: Limits = field(default_factory=Limits)
    faults: tuple[Fault, ...] = ()
    iam: bool = False
    world: World = field(default_factory=demo)


def load(path: Path | None) -> Scenario:
    """The scenario of that file; without one, the demo.

    :raises SandboxError: the file, the place in it, and what is wrong there.
    """
    if path is None:
        return Scenario()
    file = path.absolute()
    content = {key: value for key, value in read_yaml(file).items() if value is not None}
    check(without_nulls(content), file, partial="extends" in content.get("world", {}))
    try:
        return _scenario(content, file)
    except SandboxError as error:
        text = str(error)
        raise SandboxError(text if text.startswith(f"{file}") else f"{file}: {text}") from error


def _scenario(content: Mapping[str, Any], file: Path) -> Scenario:
    seed = int(content.get("seed", 0))
    return Scenario(
        seed=seed,
        durations=Durations.of(content.get("durations", {}), seed),
        limits=Limits.parse(content.get("limits", {}), "limits"),
        faults=parse_faults(content.get("faults", []), "faults"),
        iam=bool(content.get("iam", False)),
        world=world_of(content["world"], file) if content.get("world") else demo(),
    )
