# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of logs and metrics."""

from __future__ import annotations

from observed_world import world

__all__ = ["world"]
