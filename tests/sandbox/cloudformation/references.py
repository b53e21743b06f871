# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template's parts refer to, whether it exists, and the order that follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.cloudformation.errors import invalid
from sandbox.cloudformation.templates import Template

PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")
PSEUDO = frozenset(
    f"AWS::{name}"
    for name in ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
# A name, and the attribute where one is asked for.
Reference = tuple[str, str | None]


def references(value: Any) -> Iterator[Reference]:
    """Everything that a value refers to."""
    if isinstance(value, Mapping):
        if len(value) == 1:
            ((name, argument),) = value.items()
            yield from _of_function(str(name), argument)
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def _of_function(name: str, argument: Any) -> Iterator[Reference]:
    if name == "Ref" and isinstance(argument, str):
        yield argument, None
    elif name == "Fn::GetAtt":
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and len(parts) == 2 and isinstance(parts[0], str):
            yield parts[0], str(parts[1])
    elif name == "Fn::Sub":
        text, own = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
        for placeholder in PLACEHOLDER.findall(text):
            if placeholder not in own:
                logical, dot, attribute = placeholder.strip().partition(".")
                yield logical, attribute if dot else None


def check(template: Template, attributes: Mapping[str, frozenset[str]]) -> None:
    """
    :param attributes: which ones Fn::GetAtt may ask for, by type.
    :raises CloudFormationError: something refers to what is not there, or in a circle.
    """
    unknown = sorted({item.type for item in template.resources.values()} - set(attributes))
    if unknown:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    for block in ("Resources", "Outputs"):
        _check_block(template, block, attributes)
    order(template)


def _check_block(template: Template, block: str, attributes: Mapping[str, frozenset[str]]) -> None:
    parts: list[Any] = [template.outputs]
    if block == "Resources":
        parts = [item.properties for item in template.resources.values()]
        parts += [[{"Ref": name} for name in item.depends_on] for item in template.resources.values()]
    missing = set()
    for name, attribute in (found for part in parts for found in references(part)):
        resource = template.resources.get(name)
        if attribute is not None and resource is None:
            raise invalid(f"Template error: instance of Fn::GetAtt references undefined resource {name}")
        if attribute is not None and resource is not None and attribute not in attributes[resource.type]:
            raise invalid(f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt")
        if resource is None and name not in template.parameters and name not in PSEUDO:
            missing.add(name)
    if missing:
        raise invalid(
            f"Template format error: Unresolved resource dependencies [{', '.join(sorted(missing))}] in the {block} "
            "block of the template"
        )


def dependencies(template: Template, logical_id: str) -> set[str]:
    """The resources that one needs."""
    resource = template.resources[logical_id]
    named = {name for name, _attribute in references(resource.properties)} | set(resource.depends_on)
    return {name for name in named if name in template.resources}


def order(template: Template) -> list[str]:
    """Each resource after those that it needs, otherwise as in the template.

    :raises CloudFormationError: they need each other.
    """
    waiting = {name: dependencies(template, name) for name in template.resources}
    done: list[str] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= set(done)]
        if not ready:
            raise invalid(f"Circular dependency between resources: [{', '.join(sorted(waiting))}]")
        done += ready[:1]
        del waiting[ready[0]]
    return done
