# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's data plane: a real PostgreSQL server behind every cluster, and base backups as snapshots."""

from __future__ import annotations

from .errors import DataPlaneError
from .plane import DataPlane, Endpoints, ServerStatus

__all__ = ["DataPlane", "DataPlaneError", "Endpoints", "ServerStatus"]
