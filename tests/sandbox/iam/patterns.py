# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wildcards, ARNs and policy variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

# Key in lower case to its values: what a request says about itself.
Context = Mapping[str, tuple[str, ...]]

VARIABLE = re.compile(r"\$\{([^}]*)\}")
DEFAULT = re.compile(r"\s*([^,]+?)\s*(?:,\s*'(.*)')?\s*\Z", re.DOTALL)
ARN_PARTS = 6


class Unresolved(Exception):
    """A policy variable has no value in this request: whatever holds it does not match."""


@lru_cache(maxsize=4096)
def _compiled(expression: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _expression(text: str) -> str:
    return "".join(".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in text)


def expression(pattern: str, context: Context | None) -> str:
    """A regular expression for a pattern with * and ?; with a context, variables are replaced by their values.

    Wildcards in a value stand for themselves, as do ``${*}``, ``${?}`` and ``${$}``.

    :raises Unresolved: a variable has no value.
    """
    if context is None:
        return _expression(pattern)
    made, end = "", 0
    for found in VARIABLE.finditer(pattern):
        made += _expression(pattern[end : found.start()]) + re.escape(_value(found[1], context))
        end = found.end()
    return made + _expression(pattern[end:])


def _value(inner: str, context: Context) -> str:
    if inner in ("*", "?", "$"):
        return inner
    parts = DEFAULT.match(inner)
    if not parts:
        raise Unresolved(inner)
    values = context.get(parts[1].lower(), ())
    if len(values) == 1:
        return values[0]
    if values or parts[2] is None:
        raise Unresolved(inner)
    return parts[2]


def resolved(text: str, context: Context | None) -> str:
    """The text with its variables replaced, wildcards left as they are.

    :raises Unresolved: a variable has no value.
    """
    return text if context is None else VARIABLE.sub(lambda found: _value(found[1], context), text)


def matches(pattern: str, value: str, context: Context | None = None, ignore_case: bool = False) -> bool:
    """Whether the whole value fits the pattern.

    :raises Unresolved: a variable has no value.
    """
    return _compiled(expression(pattern, context), ignore_case).fullmatch(value) is not None


def arn_matches(pattern: str, value: str, context: Context | None = None) -> bool:
    """As matches, each of an ARN's six parts by itself; missing ones at the end of the pattern fit anything.

    :raises Unresolved: a variable has no value.
    """
    if pattern == "*":
        return True
    if not value.startswith("arn:"):
        return matches(pattern, value, context)
    # A colon within a variable does not separate parts.
    marked = VARIABLE.sub(lambda found: found[0].replace(":", "\0"), pattern)
    wanted = [part.replace("\0", ":") for part in marked.split(":", ARN_PARTS - 1)]
    if wanted[0] not in ("arn", "*"):
        return False
    wanted += ["*"] * (ARN_PARTS - len(wanted))
    return all(
        matches(part, have, context) for part, have in zip(wanted, value.split(":", ARN_PARTS - 1), strict=False)
    )
