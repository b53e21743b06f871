# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on purpose: the faults of a scenario.

schema.yml     what the file may say; model.py: one fault, read and checked; vocabulary.py: what AWS has
matching.py    which calls a fault is about, and which of them it hits
engine.py      counts, and tells which faults hit a call
effects.py     what they do to it; logs.py and keys.py: the longer ones
limits.py      quotas and rates
"""

from sandbox.faults.engine import Attempt, Faults, Phase
from sandbox.faults.limits import Limits
from sandbox.faults.model import Fate, Fault, parse_faults

__all__ = ["Attempt", "Fate", "Fault", "Faults", "Limits", "Phase", "parse_faults"]
