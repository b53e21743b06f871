# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tells one plan from another. By itself, since every module that records steps reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# Of the document; another one can't be approved here.
SCHEMA = 1


def digest(plan: Mapping[str, Any]) -> str:
    """The SHA-256 of a plan's content: two plans with the same one are the same plan."""
    content = {key: value for key, value in plan.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
