# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenario file: how long things take, what is there, what is limited, what goes wrong.

reading.py   YAML, without its traps        schema.yml, checking.py   what may be said, and what is told otherwise
loading.py   makes the Scenario of it       worlds.py                 the world in it: extends, files, names
"""

from __future__ import annotations

from sandbox.scenario.loading import Scenario, load
from sandbox.scenario.worlds import World

__all__ = ["Scenario", "World", "load"]
