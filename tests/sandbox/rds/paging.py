# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of Describe calls."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.rds.errors import invalid_value


def page(items: Sequence[Any], parameters: Mapping[str, Any]) -> tuple[Sequence[Any], str | None]:
    """The part of items that MaxRecords and Marker ask for, and the marker of the next."""
    size = parameters.get("max_records")
    size = 100 if size is None else int(size)
    if not 20 <= size <= 100:
        raise invalid_value(f"Invalid value {size} for MaxRecords. Must be between 20 and 100")
    start = _position(parameters.get("marker"))
    end = start + size
    return items[start:end], _marker(end) if end < len(items) else None


def _marker(position: int) -> str:
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode()


def _position(marker: str | None) -> int:
    if not marker:
        return 0
    try:
        name, _sep, number = base64.urlsafe_b64decode(marker.encode()).decode().partition(":")
    except ValueError:
        name, number = "", ""
    if name != "position" or not number.isdigit():
        raise invalid_value("The request contains an invalid Marker")
    return int(number)
