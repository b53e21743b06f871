# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things take, in seconds."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from sandbox.errors import SandboxError


@dataclass(frozen=True)
class Durations:
    """Seconds from a call to the end of what it started; the data plane may need longer."""

    snapshot_create: float = 2.0
    snapshot_copy: float = 4.0
    cluster_create: float = 3.0
    cluster_restore: float = 3.0
    cluster_delete: float = 2.0
    cluster_rename: float = 2.0
    cluster_start: float = 3.0
    cluster_stop: float = 2.0
    instance_create: float = 3.0
    instance_delete: float = 2.0
    instance_modify: float = 1.0
    # ModifyDBCluster: from the call to the moment the status shows it ...
    modify_lag: float = 0.5
    # ... and from there to the end.
    cluster_modify: float = 0.5
    master_password: float = 1.0

    @classmethod
    def none(cls) -> Durations:
        """Everything at once; for making the world."""
        return cls(**{field.name: 0.0 for field in fields(cls)})

    @classmethod
    def parse(cls, text: str) -> Durations:
        """From ``name=seconds,...``; what is not named keeps its default.

        :raises SandboxError: an unknown name, or a value that is no duration.
        """
        changes: dict[str, float] = {}
        known = [field.name for field in fields(cls)]
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, _sep, value = part.partition("=")
            if name not in known:
                raise SandboxError(f"There is no duration named {name}; there are: {', '.join(known)}.")
            try:
                seconds = float(value)
            except ValueError:
                seconds = -1.0
            if not 0 <= seconds <= 86400:
                raise SandboxError(
                    f"The duration {name} must be between 0 and 86400 seconds, not {value or 'nothing'}."
                )
            changes[name] = seconds
        return replace(cls(), **changes)
