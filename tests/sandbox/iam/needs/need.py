# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call needs, and how it is written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Need:
    """An action on a resource.

    :param context: condition keys and values that only this request has.
    :param region: where it happens, if not in the region of the call.
    :param key: how RDS calls the KMS key that it uses in the caller's name: a denial means KMSKeyNotAccessibleFault.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    region: str | None = None
    key: str = ""

    def having(self, more: Mapping[str, tuple[str, ...]]) -> Need:
        return replace(self, context={**self.context, **more})


def arn(service: str, region: str, account: str, resource: str) -> str:
    """An ARN in AWS's standard partition; one that is given for the resource stays as it is."""
    return resource if resource.startswith("arn:") else f"arn:aws:{service}:{region}:{account}:{resource}"


def request_tags(tags: Any, name: str = "Key", value: str = "Value") -> dict[str, tuple[str, ...]]:
    """aws:RequestTag and aws:TagKeys of a list of tags, or of a list of keys."""
    items = tags if isinstance(tags, list) else []
    pairs = {str(item.get(name)): str(item.get(value, "")) for item in items if isinstance(item, Mapping)}
    keys = tuple(pairs) or tuple(item for item in items if isinstance(item, str))
    return {**prefixed("aws:requesttag/", pairs), **({"aws:tagkeys": keys} if keys else {})}


def prefixed(prefix: str, pairs: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {f"{prefix}{key.lower()}": (text,) for key, text in pairs.items()}


def given(parameters: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Condition keys from parameters: names says which key a parameter is."""
    return {key: texts(parameters[name]) for name, key in names.items() if parameters.get(name) is not None}


def texts(value: Any) -> tuple[str, ...]:
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in items)
