# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on names and passwords."""

from __future__ import annotations

import re
from typing import Any

from sandbox.rds.errors import invalid_value

NAME = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9])*\Z")
WINDOW_DAYS = "mon|tue|wed|thu|fri|sat|sun"
BACKUP_WINDOW = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d\Z")
MAINTENANCE_WINDOW = re.compile(
    rf"({WINDOW_DAYS}):([01]\d|2[0-3]):[0-5]\d-({WINDOW_DAYS}):([01]\d|2[0-3]):[0-5]\d\Z", re.IGNORECASE
)


def check_name(name: str, parameter: str) -> str:
    """A name of a cluster, instance or snapshot: returns it in lower case, as RDS stores it.

    A letter first; letters, digits and hyphens; no two hyphens in a row, none at the end; 1 to 63 characters.
    """
    if not NAME.match(name) or len(name) > 63:
        raise invalid_value(
            f"The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain "
            "only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive "
            "hyphens."
        )
    return name.lower()


def check_master_password(password: str) -> None:
    """Two of AWS's documents disagree (PostgreSQL: 99 or 41 characters; ' and space); this is the stricter reading."""
    if not password:
        raise invalid_value("The parameter MasterUserPassword must be provided and must not be blank.")
    if any(not "!" <= character <= "~" or character in "/@\"'" for character in password):
        raise invalid_value(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides "
            "'/', '@', '\"', ' ' may be used."
        )
    for wrong, how in ((len(password) < 8, "shorter than 8"), (len(password) > 41, "longer than 41")):
        if wrong:
            raise invalid_value(
                f"The parameter MasterUserPassword is not a valid password because it is {how} characters."
            )


def check_windows(parameters: dict[str, Any]) -> None:
    """PreferredBackupWindow and PreferredMaintenanceWindow."""
    backup, maintenance = parameters.get("preferred_backup_window"), parameters.get("preferred_maintenance_window")
    if backup is not None and not BACKUP_WINDOW.match(backup):
        raise invalid_value(f"The parameter PreferredBackupWindow is not in the format hh24:mi-hh24:mi: {backup}")
    if maintenance is not None and not MAINTENANCE_WINDOW.match(maintenance):
        raise invalid_value(
            f"The parameter PreferredMaintenanceWindow is not in the format ddd:hh24:mi-ddd:hh24:mi: {maintenance}"
        )


def check_retention(days: int | None) -> None:
    if days is not None and not 1 <= days <= 35:
        raise invalid_value(f"Invalid backup retention period: {days}. Must be between 1 and 35.")


def check_port(port: int | None) -> None:
    if port is not None and not 1150 <= port <= 65535:
        raise invalid_value(f"Invalid port number: {port}. Must be between 1150 and 65535.")


def check_tags(tags: list[Any] | None) -> list[dict[str, str]]:
    """Tags of a request as plain dicts."""
    plain = [{"Key": str(tag["Key"]), "Value": str(tag.get("Value") or "")} for tag in tags or []]
    for tag in plain:
        for prefix in ("aws:", "rds:"):
            if tag["Key"].lower().startswith(prefix):
                raise invalid_value(f'Tag keys cannot start with the reserved prefix "{prefix}"')
        if not 1 <= len(tag["Key"]) <= 128 or len(tag["Value"]) > 256:
            raise invalid_value("Tag keys have 1 to 128 characters, tag values at most 256.")
    if len(plain) > 50:
        raise invalid_value("A resource can have at most 50 tags.")
    return plain
