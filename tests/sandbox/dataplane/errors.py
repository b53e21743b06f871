# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong in the data plane."""

from __future__ import annotations


class DataPlaneError(Exception):
    """One sentence that says what failed and, where something can be done about it, what to do."""
