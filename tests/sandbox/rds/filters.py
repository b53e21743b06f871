# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of Describe calls: all of them must match, each with one of its values, in any case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.rds.errors import invalid_combination, invalid_value

Attributes = tuple[str, ...]

CLUSTERS: Mapping[str, Attributes] = {
    "clone-group-id": ("clone_group_id",),
    "db-cluster-id": ("db_cluster_identifier", "db_cluster_arn"),
    "db-cluster-resource-id": ("db_cluster_resource_id",),
    "domain": ("domain",),
    "engine": ("engine",),
}
INSTANCES: Mapping[str, Attributes] = {
    "db-cluster-id": ("db_cluster_identifier", "db_cluster_arn"),
    "db-instance-id": ("db_instance_identifier", "db_instance_arn"),
    "dbi-resource-id": ("dbi_resource_id",),
    "domain": ("domain",),
    "engine": ("engine",),
}


def with_id(filters: Mapping[str, Iterable[Any]] | None, name: str, identifier: str | None) -> dict[str, list[Any]]:
    """The filters of a call that may also name one resource: that is one more value of the filter of that name."""
    merged = {key: list(values) for key, values in (filters or {}).items()}
    return {**merged, name: [*merged.get(name, []), identifier]} if identifier else merged


def matching(items: Iterable[Any], filters: Mapping[str, Iterable[Any]], known: Mapping[str, Attributes]) -> list[Any]:
    """The items that a Describe call asks for.

    :param known: the attributes that each filter looks at.
    """
    found = list(items)
    for name, values in filters.items():
        if name not in known:
            raise invalid_value(f"Unrecognized filter name: {name}")
        wanted = {str(value).lower() for value in values}
        if not wanted:
            raise invalid_combination(f"The list of values of the filter {name} must not be empty.")
        found = [item for item in found if wanted & _values(item, known[name])]
    return found


def _values(item: Any, attributes: Attributes) -> set[str]:
    """What a filter compares; a cluster that is being renamed may have no name for a while."""
    if "db_cluster_identifier" in attributes and getattr(item, "nameless", False):
        return set()
    return {str(getattr(item, name, None) or "").lower() for name in attributes} - {""}
