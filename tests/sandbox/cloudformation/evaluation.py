# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template with the values of one stack: which resources there are, with which properties, and the outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudformation import functions, references
from sandbox.cloudformation.errors import invalid
from sandbox.cloudformation.functions import UNKNOWN, Scope
from sandbox.cloudformation.parameters import as_given_by_ref
from sandbox.cloudformation.resources import KINDS
from sandbox.cloudformation.stacks import Item, Wanted
from sandbox.cloudformation.templates import Resource

# An export's value by its name; None: there is none.
Exports = Callable[[str], str | None]
TAG = "aws:cloudformation:"


@dataclass
class Evaluation:
    """
    :param items: the resources as they are; one with no physical id is not known yet.
    :param imports: the names of exports that were asked for.
    """

    wanted: Wanted
    stack_id: str
    items: Mapping[str, Item]
    exports: Exports
    imports: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.name = self.stack_id.split("/")[1]
        self.pseudo = self._pseudo()
        self.scope = Scope(self._reference, self._attribute, self._imported, self.wanted.template.mappings)
        self.scope.conditions = self._conditions()

    def _pseudo(self) -> dict[str, Any]:
        _arn, partition, _service, region, account, _rest = self.stack_id.split(":", 5)
        return {
            "AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": partition,
            "AWS::StackId": self.stack_id, "AWS::StackName": self.name, "AWS::URLSuffix": "amazonaws.com",
            "AWS::NotificationARNs": list(self.wanted.notification_arns),
        }  # fmt: skip

    def _conditions(self) -> dict[str, bool]:
        """Conditions may need each other; the order in the template says nothing."""
        declared = dict(self.wanted.template.conditions)
        known: dict[str, bool] = {}
        self.scope.conditions = known
        while declared:
            ready = [name for name, rule in declared.items() if not (_named(rule) & set(declared))]
            if not ready:
                raise invalid(f"Template format error: Circular dependency between conditions: {sorted(declared)}")
            for name in ready:
                known[name] = functions.holds(declared.pop(name), self.scope)
        return known

    def included(self) -> list[str]:
        """The resources whose condition is met, each after those that it needs."""
        resources = self.wanted.template.resources
        return [name for name in references.order(self.wanted.template) if self._holds(resources[name].condition)]

    def _holds(self, condition: str | None) -> bool:
        if condition is not None and condition not in self.scope.conditions:
            raise invalid(f"Template format error: Unresolved condition dependency {condition}")
        return condition is None or self.scope.conditions[condition]

    def item(self, logical_id: str) -> Item:
        """A resource as it is to be. What is not known yet is UNKNOWN."""
        resource = self.wanted.template.resources[logical_id]
        properties = functions.resolve(resource.properties, self.scope)
        return Item(
            logical_id, resource.type, properties=properties, tags=self._tags(resource, properties),
            metadata=functions.resolve(resource.metadata, self.scope), deletion_policy=resource.deletion_policy,
            update_replace_policy=resource.update_replace_policy,
        )  # fmt: skip

    def _tags(self, resource: Resource, properties: Mapping[str, Any]) -> dict[str, str]:
        """The stack's, the resource's own, and CloudFormation's where the type's schema says so.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html
        """
        kind = KINDS[resource.type]
        if not kind.is_taggable:
            return {}
        tags = {**self.wanted.tags, **own_tags(properties)}
        if kind.system_tags:
            tags |= {
                f"{TAG}stack-name": self.name,
                f"{TAG}stack-id": self.stack_id,
                f"{TAG}logical-id": resource.logical_id,
            }
        return tags

    def outputs(self) -> list[dict[str, Any]]:
        """
        :raises CloudFormationError: one has no text.
        """
        made = []
        for name, output in self.wanted.template.outputs.items():
            if not self._holds(output.get("Condition")):
                continue
            value = functions.resolve(output.get("Value"), self.scope)
            if isinstance(value, list | Mapping) or value is None:
                raise invalid(f"Template format error: Output {name} is malformed. The Value field of every Outputs "
                              "member must evaluate to a String.")  # fmt: skip
            export = functions.resolve((output.get("Export") or {}).get("Name"), self.scope)
            shown = {
                "OutputKey": name, "OutputValue": functions.text(value), "Description": output.get("Description"),
                "ExportName": export,
            }  # fmt: skip
            made.append({key: item for key, item in shown.items() if item is not None})
        return made

    # what functions ask for

    def _reference(self, name: str) -> Any:
        if name in self.wanted.parameters:
            return as_given_by_ref(self.wanted.template.parameters[name], self.wanted.parameters[name])
        if name in self.pseudo:
            return self.pseudo[name]
        if name not in self.wanted.template.resources:
            raise invalid(
                f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the "
                "template"
            )
        item = self.items.get(name)
        return item.physical_id if item and item.physical_id else UNKNOWN

    def _attribute(self, logical_id: str, attribute: str) -> Any:
        item = self.items.get(logical_id)
        return item.attributes.get(attribute, UNKNOWN) if item and item.physical_id else UNKNOWN

    def _imported(self, name: str) -> str:
        value = self.exports(name)
        if value is None:
            raise invalid(f"No export named {name} found.")
        self.imports.add(name)
        return value


def own_tags(properties: Mapping[str, Any]) -> dict[str, str]:
    return {str(tag["Key"]): functions.text(tag["Value"]) for tag in properties.get("Tags") or ()}


def _named(rule: Any) -> set[str]:
    """The conditions that a condition names."""
    if isinstance(rule, Mapping):
        found = {str(value) for key, value in rule.items() if key == "Condition" and isinstance(value, str)}
        return found.union(*(_named(value) for value in rule.values()))
    return set().union(*(_named(value) for value in rule)) if isinstance(rule, list) else set()
