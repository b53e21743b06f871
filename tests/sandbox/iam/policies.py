# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy documents, read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from sandbox.iam.conditions import as_texts

WITH_VARIABLES = "2012-10-17"


@dataclass(frozen=True)
class Statement:
    """One statement. What the document leaves out is None.

    :param principals: by type (AWS, Service ...); ``{"AWS": ("*",)}`` for ``"*"``.
    """

    effect: str
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    principals: Mapping[str, tuple[str, ...]] | None = None
    not_principals: Mapping[str, tuple[str, ...]] | None = None
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    with_variables: bool = True


@dataclass(frozen=True)
class Document:
    """A policy.

    :param source: its name; kind: user, group, role, user-managed, resource or none, as SimulatePrincipalPolicy says.
    """

    statements: tuple[Statement, ...]
    source: str = ""
    kind: str = "none"


def read(policy: str | Mapping[str, Any], source: str = "", kind: str = "none") -> Document:
    """
    :raises ValueError: it is no policy.
    """
    return Document(_statements(policy if isinstance(policy, str) else json.dumps(policy)), source, kind)


@lru_cache(maxsize=1024)
def _statements(policy: str) -> tuple[Statement, ...]:
    content = json.loads(unquote(policy) if policy.lstrip().startswith("%") else policy)
    if not isinstance(content, Mapping) or "Statement" not in content:
        raise ValueError("A policy is a JSON object with Statement.")
    items = content["Statement"]
    with_variables = str(content.get("Version", "2008-10-17")) == WITH_VARIABLES
    return tuple(_statement(item, with_variables) for item in (items if isinstance(items, list) else [items]))


def _statement(item: Any, with_variables: bool) -> Statement:
    if not isinstance(item, Mapping) or item.get("Effect") not in ("Allow", "Deny"):
        raise ValueError("A statement is a JSON object whose Effect is Allow or Deny.")
    conditions = item.get("Condition") or {}
    if not isinstance(conditions, Mapping) or not all(isinstance(keys, Mapping) for keys in conditions.values()):
        raise ValueError("A Condition is a JSON object of operators, each with an object of keys.")
    return Statement(
        effect=str(item["Effect"]),
        actions=_texts(item, "Action"),
        not_actions=_texts(item, "NotAction"),
        resources=_texts(item, "Resource"),
        not_resources=_texts(item, "NotResource"),
        principals=_principals(item, "Principal"),
        not_principals=_principals(item, "NotPrincipal"),
        conditions=conditions,
        with_variables=with_variables,
    )


def _texts(item: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    return as_texts(item[name]) if name in item else None


def _principals(item: Mapping[str, Any], name: str) -> Mapping[str, tuple[str, ...]] | None:
    if name not in item:
        return None
    given = item[name]
    if not isinstance(given, Mapping):
        return {"AWS": as_texts(given)}
    return {str(kind): as_texts(values) for kind, values in given.items()}
