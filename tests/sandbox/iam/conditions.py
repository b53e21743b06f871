# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Condition operators, as IAM's user guide has them ("IAM JSON policy elements: Condition operators").

A key that the request lacks makes a condition false; negated operators and ``...IfExists`` true. ForAllValues is true
for a key without values, ForAnyValue is false.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from sandbox.iam.patterns import Context, Unresolved, arn_matches, matches, resolved

# Whether a value of the request fits one of the policy.
Comparison = Callable[[str, str, Context | None], bool]


def _number(text: str) -> float:
    return float(text)


def _moment(text: str) -> float:
    with contextlib.suppress(ValueError):
        return float(text)
    made = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (made if made.tzinfo else made.replace(tzinfo=timezone.utc)).timestamp()


def _ordered(convert: Callable[[str], float], holds: Callable[[float, float], bool]) -> Comparison:
    def compare(value: str, wanted: str, context: Context | None) -> bool:
        return holds(convert(value), convert(resolved(wanted, context)))

    return compare


def _equal(value: str, wanted: str, context: Context | None) -> bool:
    return value == resolved(wanted, context)


def _equal_ignoring_case(value: str, wanted: str, context: Context | None) -> bool:
    return value.lower() == resolved(wanted, context).lower()


def _like(value: str, wanted: str, context: Context | None) -> bool:
    return matches(wanted, value, context)


def _arn_like(value: str, wanted: str, context: Context | None) -> bool:
    return arn_matches(wanted, value, context)


def _within(value: str, wanted: str, context: Context | None) -> bool:
    network = ipaddress.ip_network(resolved(wanted, context), strict=False)
    return ipaddress.ip_address(value) in network


ORDERS: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}
OPERATORS: dict[str, Comparison] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _equal_ignoring_case,
    "BinaryEquals": _equal,
    "IpAddress": _within,
    **{f"Numeric{name}": _ordered(_number, holds) for name, holds in ORDERS.items()},
    **{f"Date{name}": _ordered(_moment, holds) for name, holds in ORDERS.items()},
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
BY_LOWER_CASE = {name.lower(): name for name in (*OPERATORS, *NEGATED, "Null")}


def as_texts(value: Any) -> tuple[str, ...]:
    """A policy's value, or list of values, as texts."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in items)


def holds(block: Mapping[str, Mapping[str, Any]], context: Context, with_variables: bool = True) -> bool:
    """Whether all conditions of a statement are met. An operator that does not exist never is."""
    return all(
        _one(operator, key, as_texts(values), context, context if with_variables else None)
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def _one(operator: str, key: str, wanted: Sequence[str], context: Context, variables: Context | None) -> bool:
    quantifier, _colon, name = operator.rpartition(":")
    if_exists = name.lower().endswith("ifexists")
    known = BY_LOWER_CASE.get(name[: -len("IfExists")].lower() if if_exists else name.lower())
    values = context.get(key.lower(), ())
    if known is None:
        return False
    if known == "Null":
        return any((item.lower() == "true") == (not values) for item in wanted)
    if not values and if_exists:
        return True
    negated = known in NEGATED
    compare = OPERATORS[NEGATED.get(known, known)]

    def fits(value: str) -> bool:
        return any(_fits(compare, value, item, variables) for item in wanted) != negated

    return _quantified(quantifier.lower(), values, fits, negated)


def _quantified(quantifier: str, values: Sequence[str], fits: Callable[[str], bool], negated: bool) -> bool:
    if quantifier == "forallvalues":
        return all(fits(value) for value in values)
    if quantifier == "foranyvalue":
        return any(fits(value) for value in values)
    if quantifier:
        return False
    # Without a quantifier a key has one value; where it has more, none of them may be one that a negation excludes.
    return all(fits(value) for value in values) if negated else any(fits(value) for value in values)


def _fits(compare: Comparison, value: str, wanted: str, variables: Context | None) -> bool:
    with contextlib.suppress(Unresolved, ValueError):
        return compare(value, wanted, variables)
    return False
