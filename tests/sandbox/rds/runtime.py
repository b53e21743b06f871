# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the RDS backends of all accounts and regions share."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from sandbox.dataplane import DataPlane
from sandbox.durations import Durations
from sandbox.faults import Faults, Limits
from sandbox.rds.engines import Engines
from sandbox.scheduler import Scheduler

# The parts of the backend (clusters.py and so on) use each other's methods, which only the whole class has.
Part: Any = object

log = logging.getLogger("sandbox.rds")


@dataclass
class Runtime:
    """
    :param lock: held during every RDS call and every end of a transition.
    """

    lock: threading.RLock
    scheduler: Scheduler
    data: DataPlane
    engines: Engines
    durations: Durations = field(default_factory=Durations)
    limits: Limits = field(default_factory=Limits)
    faults: Faults = field(default_factory=Faults)
