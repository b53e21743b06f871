# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import (
    Decision,
    Surroundings,
    Wishes,
    World,
)


@dataclass(frozen=True)
class Case:
    """Everything that a check may look at."""

    wishes: Wishes
    world: World
    decision: Decision
    around: Surroundings
    now: datetime
