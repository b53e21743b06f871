# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the state tests."""

from __future__ import annotations

from state_world import client, clock, endpoint, table

__all__ = ["client", "clock", "endpoint", "table"]
