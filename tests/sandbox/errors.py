# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with the sandbox itself (not with a call to it: see rds/errors.py)."""

from __future__ import annotations


class SandboxError(Exception):
    """One clear sentence on what can't be done and what would help."""
