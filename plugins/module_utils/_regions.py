# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which regions there are, as far as the installed SDK knows."""

from __future__ import annotations

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput


def known_regions(service: str = "rds") -> frozenset[str]:
    """All regions of all partitions in which the installed botocore knows the service; no AWS call."""
    import botocore.session

    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    return frozenset(region for partition in partitions for region in session.get_available_regions(service, partition))


def region_problem(region: str, variable: str, known: frozenset[str]) -> str | None:
    """Why this region can't be used, as a sentence, or None."""
    if region in known:
        return None
    return (
        f"{variable} names the region {region!r}, which does not exist: give one such as us-east-1"
        " (a region newer than the installed botocore needs a newer botocore)."
    )


def require_region(region: str, variable: str) -> None:
    """Refuse a region that does not exist.

    :raises BadInput: it does not.
    """
    problem = region_problem(region, variable, known_regions())
    if problem:
        raise BadInput(problem)
