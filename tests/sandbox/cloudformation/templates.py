# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading templates, in JSON and YAML, and what is wrong with their structure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from sandbox.cloudformation.errors import invalid

SECTIONS = frozenset(
    ("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions",
     "Transform", "Resources", "Outputs")
)  # fmt: skip
RESOURCE_KEYS = frozenset(
    ("Type", "Properties", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Condition", "Metadata",
     "CreationPolicy", "UpdatePolicy")
)  # fmt: skip
POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")
BODY_SIZE = 51200


@dataclass(frozen=True)
class Resource:
    """A resource as the template has it, functions and all."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: Any = None


@dataclass(frozen=True)
class Template:
    body: str
    description: str | None = None
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: dates are texts, and !Ref and its like are functions."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


yaml.add_multi_constructor("!", _short_form, _Loader)


def read(body: str) -> Template:
    """
    :raises CloudFormationError: it is not a template.
    """
    if not body.strip():
        raise invalid("1 validation error detected: Value '' at 'templateBody' failed to satisfy constraint: "
                      "Member must have length greater than or equal to 1")  # fmt: skip
    if len(body.encode()) > BODY_SIZE:
        raise invalid(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have "
            f"length less than or equal to {BODY_SIZE}"
        )
    content = _parsed(body)
    unknown = sorted(set(content) - SECTIONS)
    if unknown:
        raise invalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    if content.get("Transform"):
        raise invalid("The sandbox knows no transforms.")
    sections = {name: _section(content, name) for name in ("Parameters", "Mappings", "Conditions", "Outputs")}
    if not _section(content, "Resources"):
        raise invalid("Template format error: At least one Resources member must be defined.")
    resources = {name: _resource(name, item) for name, item in content["Resources"].items()}
    description = content.get("Description")
    return Template(
        body, None if description is None else str(description), sections["Parameters"], sections["Mappings"],
        sections["Conditions"], resources, sections["Outputs"],
    )  # fmt: skip


def _parsed(body: str) -> dict[str, Any]:
    try:
        # A JSON template begins with a brace; so does YAML's flow style, which JSON's parser would not take.
        content = json.loads(body) if body.lstrip().startswith("{") else yaml.load(body, _Loader)  # noqa: S506
    except json.JSONDecodeError as error:
        raise invalid(
            f"Template format error: JSON not well-formed. (line {error.lineno}, column {error.colno})"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise invalid(f"Template format error: YAML not well-formed.{place}") from error
    if not isinstance(content, dict):
        raise invalid("Template format error: unsupported structure.")
    return content


def _section(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = content.get(name) or {}
    if not isinstance(found, dict) or not all(isinstance(item, dict) for item in found.values()):
        raise invalid(f"Template format error: Every {name} member must be an object.")
    return found


def _resource(name: str, item: Mapping[str, Any]) -> Resource:
    if not name.isalnum() or not name.isascii():
        raise invalid(f"Template format error: Resource name {name} is non alphanumeric.")
    for key in item:
        if key not in RESOURCE_KEYS:
            raise invalid(f"Invalid template resource property '{key}'")
    if not isinstance(item.get("Type"), str):
        raise invalid(f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member.")
    properties = item.get("Properties") or {}
    if not isinstance(properties, dict):
        raise invalid(f"Template format error: [/Resources/{name}/Properties] must be an object.")
    depends_on = item.get("DependsOn") or ()
    return Resource(
        name, item["Type"], properties, (depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        item.get("Condition"), _policy(name, item, "DeletionPolicy"), _policy(name, item, "UpdateReplacePolicy"),
        item.get("Metadata"),
    )  # fmt: skip


def _policy(name: str, item: Mapping[str, Any], key: str) -> str:
    policy = item.get(key, "Delete")
    if policy not in POLICIES:
        raise invalid(f"Template format error: Unrecognized {key} {policy} for resource {name}")
    return str(policy)
