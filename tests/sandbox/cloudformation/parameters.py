# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a template's parameters.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.cloudformation.errors import invalid
from sandbox.cloudformation.functions import text
from sandbox.cloudformation.templates import Template

MASK = "****"
TYPES = ("String", "Number", "List<Number>", "CommaDelimitedList")


def values(
    template: Template, given: Iterable[Mapping[str, Any]], previous: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Each parameter's value as a text.

    :param given: ParameterKey with ParameterValue or UsePreviousValue.
    :param previous: the values that a stack has; None for a new one.
    :raises CloudFormationError: one is missing, unknown or not allowed.
    """
    asked = {str(item["ParameterKey"]): item for item in given}
    unknown = [name for name in asked if name not in template.parameters]
    if unknown:
        raise invalid(f"Parameters: [{', '.join(sorted(unknown))}] do not exist in the template")
    found = {name: _value(name, item, asked.get(name), previous) for name, item in template.parameters.items()}
    missing = [name for name, value in found.items() if value is None]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    complete = {name: value for name, value in found.items() if value is not None}
    for name, value in complete.items():
        _check(name, template.parameters[name], value)
    return complete


def _value(
    name: str, declared: Mapping[str, Any], given: Mapping[str, Any] | None, previous: Mapping[str, str] | None
) -> str | None:
    """What is left out has its default, in an update too."""
    if given and given.get("UsePreviousValue") in (True, "true"):
        if previous is None:
            raise invalid(f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a "
                          "parameter key not in the previous template")  # fmt: skip
        return previous.get(name)
    if given and given.get("ParameterValue") is not None:
        return str(given["ParameterValue"])
    default = declared.get("Default")
    return None if default is None else text(default)


def is_list(declared: Mapping[str, Any]) -> bool:
    kind = str(declared.get("Type", ""))
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def as_given_by_ref(declared: Mapping[str, Any], value: str) -> Any:
    """Lists are written with commas."""
    return [part.strip() for part in value.split(",")] if is_list(declared) else value


def _check(name: str, declared: Mapping[str, Any], value: str) -> None:
    if declared.get("Type") not in TYPES:
        raise invalid(f"Template format error: Unrecognized parameter type: {declared.get('Type')}")
    problem = next((words for bad, words in _problems(declared, value) if bad), None)
    if problem:
        own = declared.get("ConstraintDescription")
        raise invalid(f"Parameter '{name}' {f'failed to satisfy constraint: {own}' if own else problem}")


def _problems(declared: Mapping[str, Any], value: str) -> Iterable[tuple[bool, str]]:
    parts = as_given_by_ref(declared, value) if is_list(declared) else [value]
    allowed = [text(item) for item in declared.get("AllowedValues") or ()]
    yield bool(allowed) and any(part not in allowed for part in parts), "must be one of AllowedValues"
    if "Number" in str(declared["Type"]):
        numbers = [_number(part) for part in parts]
        yield any(number is None for number in numbers), "must be a number"
        known = [number for number in numbers if number is not None]
        for bound, sign, words in (("MinValue", 1, "not less than"), ("MaxValue", -1, "not greater than")):
            if bound in declared:
                bad = any(sign * number < sign * float(declared[bound]) for number in known)
                yield bad, f"must be a number {words} {declared[bound]}"
        return
    pattern = declared.get("AllowedPattern")
    yield bool(pattern) and any(not re.fullmatch(str(pattern), part) for part in parts), f"must match pattern {pattern}"
    least, most = int(declared.get("MinLength", 0)), int(declared.get("MaxLength", 4096))
    yield len(value) < least, f"must contain at least {least} characters"
    yield len(value) > most, f"must contain at most {most} characters"


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def described(template: Template, found: Mapping[str, str]) -> list[dict[str, str]]:
    """As DescribeStacks shows them: a secret one is masked."""
    return [
        {"ParameterKey": name, "ParameterValue": MASK if is_secret(template.parameters[name]) else value}
        for name, value in found.items()
    ]


def is_secret(declared: Mapping[str, Any]) -> bool:
    return text(declared.get("NoEcho", False)) == "true"
