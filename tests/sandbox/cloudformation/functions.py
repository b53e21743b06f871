# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intrinsic functions, pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudformation.errors import invalid
from sandbox.cloudformation.references import PLACEHOLDER

# What a change set says of values that only the change itself will tell.
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


class _NoValue:
    """AWS::NoValue: what has it is left out."""


NO_VALUE = _NoValue()


@dataclass
class Scope:
    """What functions look into.

    :param reference: what Ref gives for a parameter, pseudo parameter or resource.
    """

    reference: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    imported: Callable[[str], str]
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)


def resolve(value: Any, scope: Scope) -> Any:
    """The value with all its functions carried out.

    :raises CloudFormationError: a function can't be.
    """
    if isinstance(value, Mapping):
        if len(value) == 1:
            ((name, argument),) = value.items()
            known = FUNCTIONS.get(str(name))
            if known:
                return known(argument, scope)
            if str(name).startswith("Fn::"):
                raise invalid(f"Template error: the sandbox has no function {name}")
        resolved = {str(key): resolve(inner, scope) for key, inner in value.items()}
        return {key: inner for key, inner in resolved.items() if inner is not NO_VALUE}
    if isinstance(value, list):
        items = [resolve(inner, scope) for inner in value]
        return [inner for inner in items if inner is not NO_VALUE]
    return value


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _arguments(name: str, argument: Any, count: int) -> list[Any]:
    if not isinstance(argument, list) or len(argument) != count:
        raise invalid(f"Template error: {name} needs a list of {count} arguments")
    return argument


def _ref(argument: Any, scope: Scope) -> Any:
    return NO_VALUE if argument == "AWS::NoValue" else scope.reference(str(argument))


def _get_att(argument: Any, scope: Scope) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    logical_id, attribute = _arguments("Fn::GetAtt", parts, 2)
    return scope.attribute(str(logical_id), text(resolve(attribute, scope)))


def _sub(argument: Any, scope: Scope) -> str:
    template, own = (argument, {}) if isinstance(argument, str) else _arguments("Fn::Sub", argument, 2)

    def value_of(name: str) -> str:
        name = name.strip()
        if name in own:
            return text(resolve(own[name], scope))
        logical_id, dot, attribute = name.partition(".")
        return text(scope.attribute(logical_id, attribute) if dot else scope.reference(name))

    return PLACEHOLDER.sub(lambda found: value_of(found[1]), template).replace("${!", "${")


def _join(argument: Any, scope: Scope) -> str:
    separator, parts = _arguments("Fn::Join", argument, 2)
    resolved = resolve(parts, scope)
    if not isinstance(resolved, list):
        raise invalid("Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) "
                      "a list of strings to be joined or a function that returns a list of strings")  # fmt: skip
    return text(separator).join(text(part) for part in resolved)


def _if(argument: Any, scope: Scope) -> Any:
    name, then, otherwise = _arguments("Fn::If", argument, 3)
    if name not in scope.conditions:
        raise invalid(f"Template error: unresolved condition dependency {name} in the Resources block of the template")
    return resolve(then if scope.conditions[name] else otherwise, scope)


def _select(argument: Any, scope: Scope) -> Any:
    index, items = _arguments("Fn::Select", resolve(argument, scope), 2)
    if items == UNKNOWN:
        return UNKNOWN
    if not isinstance(items, list) or not 0 <= int(index) < len(items):
        raise invalid(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return items[int(index)]


def _split(argument: Any, scope: Scope) -> Any:
    separator, whole = _arguments("Fn::Split", resolve(argument, scope), 2)
    return UNKNOWN if UNKNOWN in text(whole) else text(whole).split(text(separator))


def _find_in_map(argument: Any, scope: Scope) -> Any:
    name, first, second = (text(part) for part in _arguments("Fn::FindInMap", resolve(argument, scope), 3))
    try:
        return scope.mappings[name][first][second]
    except (KeyError, TypeError):
        raise invalid(f"Template error: Unable to get mapping for {name}::{first}::{second}") from None


def _import_value(argument: Any, scope: Scope) -> str:
    return scope.imported(text(resolve(argument, scope)))


# conditions


def _equals(argument: Any, scope: Scope) -> bool:
    left, right = _arguments("Fn::Equals", resolve(argument, scope), 2)
    return text(left) == text(right)


def _not(argument: Any, scope: Scope) -> bool:
    return not holds(_arguments("Fn::Not", argument, 1)[0], scope)


def holds(condition: Any, scope: Scope) -> bool:
    """Whether a condition is met."""
    value = resolve(condition, scope)
    return value if isinstance(value, bool) else text(value) == "true"


def _condition(argument: Any, scope: Scope) -> Any:
    """A condition's name among conditions. In policies, the key Condition has a mapping."""
    if not isinstance(argument, str):
        return {"Condition": resolve(argument, scope)}
    if argument not in scope.conditions:
        raise invalid(f"Template error: unresolved condition dependency {argument}")
    return scope.conditions[argument]


FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Condition": _condition,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::If": _if,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import_value,
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::And": lambda argument, scope: all(holds(item, scope) for item in argument),
    "Fn::Or": lambda argument, scope: any(holds(item, scope) for item in argument),
}
