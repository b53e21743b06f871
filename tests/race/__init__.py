# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that run the operation and the delete code at once on one target, and a referee who reads the journal."""

from __future__ import annotations

import sys
from pathlib import Path

# The harness of whole playbook runs lies there; its sandbox is used here too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
