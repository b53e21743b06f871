# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills restores at their AWS calls, runs them again, and compares what comes of it with an undisturbed restore."""

from __future__ import annotations

import sys
from pathlib import Path

# The harness of whole playbook runs lies there.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
