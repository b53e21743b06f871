# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would change: the difference between a stack and what it is wanted to be, pure.

The form is that of https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html; examples
of a changed parameter, which is told twice, and of a replacement in
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-samples.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.cloudformation.evaluation import Evaluation, Exports, own_tags
from sandbox.cloudformation.functions import UNKNOWN
from sandbox.cloudformation.references import references
from sandbox.cloudformation.resources import KINDS
from sandbox.cloudformation.resources.kind import same
from sandbox.cloudformation.stacks import Item, Stack, Wanted


@dataclass(frozen=True)
class Change:
    """
    :param action: Add, Modify or Remove.
    :param properties: the names of those that differ.
    """

    action: str
    before: Item | None
    after: Item | None
    properties: tuple[str, ...] = ()
    tags_differ: bool = False
    metadata_differs: bool = False

    @property
    def item(self) -> Item:
        found = self.after or self.before
        assert found
        return found

    @property
    def replaces(self) -> bool:
        return needs_replacement(self.item.type, self.properties)


def needs_replacement(type_name: str, properties: tuple[str, ...]) -> bool:
    return bool(KINDS[type_name].replaced_by & set(properties))


def compare(before: Item, after: Item) -> Change | None:
    """How a resource differs; None: not at all."""
    if before.type != after.type:
        return Change("Modify", before, after, tuple(sorted({*before.properties, *after.properties})))
    names = sorted({*before.properties, *after.properties})
    changed = tuple(name for name in names if not same(before.properties.get(name), after.properties.get(name)))
    tags = before.tags != after.tags
    metadata = not same(before.metadata, after.metadata)
    return Change("Modify", before, after, changed, tags, metadata) if changed or tags or metadata else None


def changes(stack: Stack, wanted: Wanted, exports: Exports) -> list[Change]:
    """Everything that an update would do, in the order in which it would."""
    planned: dict[str, Item] = {}
    evaluation = Evaluation(wanted, stack.id, planned, exports)
    found: list[Change] = []
    for name in evaluation.included():
        after, before = evaluation.item(name), stack.items.get(name)
        change = compare(before, after) if before else Change("Add", None, after)
        if before and not (change and change.replaces):
            after = replace(after, physical_id=before.physical_id, attributes=before.attributes)
        planned[name] = after
        if change:
            found.append(replace(change, after=after))
    gone = [item for name, item in stack.items.items() if name not in planned]
    return found + [Change("Remove", item, None) for item in reversed(gone)]


def outputs_differ(stack: Stack, wanted: Wanted, exports: Exports) -> bool:
    """Whether an update would change outputs, where no resource changes."""
    return Evaluation(wanted, stack.id, stack.items, exports).outputs() != stack.outputs


# as DescribeChangeSet shows it


def described(change: Change, stack: Stack, wanted: Wanted, with_values: bool) -> dict[str, Any]:
    """
    :param with_values: also what each property was and is to be.
    """
    shown: dict[str, Any] = {
        "Action": change.action,
        "LogicalResourceId": change.item.logical_id,
        "ResourceType": change.item.type,
        "Scope": [],
        "Details": [],
    }
    if change.before:
        shown["PhysicalResourceId"] = change.before.physical_id
    if change.action == "Remove" and change.item.deletion_policy != "Delete":
        shown["PolicyAction"] = "Retain"
    if change.action == "Modify":
        details = list(_details(change, stack, wanted, with_values))
        scope = dict.fromkeys(detail["Target"]["Attribute"] for detail in details)
        shown |= {"Replacement": _replacement(change), "Scope": list(scope), "Details": details}
        if change.replaces:
            retained = change.item.update_replace_policy != "Delete"
            shown["PolicyAction"] = "ReplaceAndRetain" if retained else "ReplaceAndDelete"
    if with_values:
        for key, item in (("BeforeContext", change.before), ("AfterContext", change.after)):
            if item:
                shown[key] = json.dumps({"Properties": item.properties}, default=str)
    return {"Type": "Resource", "ResourceChange": shown}


def _replacement(change: Change) -> str:
    """Conditional: what needs it may turn out to be as it was."""
    if not change.replaces:
        return "False"
    needing = [name for name in change.properties if name in KINDS[change.item.type].replaced_by]
    after = change.item.properties
    return "Conditional" if all(UNKNOWN in json.dumps(after.get(name)) for name in needing) else "True"


def _details(change: Change, stack: Stack, wanted: Wanted, with_values: bool) -> Iterator[dict[str, Any]]:
    before, after = change.before, change.after
    assert before and after
    for name in change.properties:
        recreation = "Always" if name in KINDS[after.type].replaced_by else "Never"
        target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}
        if with_values:
            target |= {
                key: value if isinstance(value, str) else json.dumps(value, default=str)
                for key, value in (("BeforeValue", before.properties.get(name)),
                                   ("AfterValue", after.properties.get(name)))
                if value is not None
            }  # fmt: skip
        for cause in _causes(change, name, stack, wanted):
            yield {"Target": target, **cause}
    stack_tags = change.tags_differ and own_tags(before.properties) == own_tags(after.properties)
    for differs, attribute in ((stack_tags, "Tags"), (change.metadata_differs, "Metadata")):
        if differs:
            target = {"Attribute": attribute, "RequiresRecreation": "Never"}
            yield {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}


def _causes(change: Change, name: str, stack: Stack, wanted: Wanted) -> Iterator[dict[str, str]]:
    """Why a property changes: what its expression refers to, or the expression itself."""
    logical_id = change.item.logical_id
    expression = _expression(wanted, logical_id, name)
    value = change.after.properties.get(name) if change.after else None
    indirect = False
    for entity, attribute in dict.fromkeys(references(expression)):
        if entity in wanted.parameters:
            if wanted.parameters[entity] != stack.wanted.parameters.get(entity):
                indirect = True
                yield {"Evaluation": "Static", "ChangeSource": "ParameterReference", "CausingEntity": entity}
        elif entity in wanted.template.resources and UNKNOWN in json.dumps(value):
            indirect = True
            source = "ResourceAttribute" if attribute else "ResourceReference"
            causing = f"{entity}.{attribute}" if attribute else entity
            yield {"Evaluation": "Dynamic" if attribute else "Static", "ChangeSource": source, "CausingEntity": causing}
    if not same(expression, _expression(stack.wanted, logical_id, name)) or not indirect:
        yield {"Evaluation": "Static", "ChangeSource": "DirectModification"}
    elif indirect and UNKNOWN not in json.dumps(value):
        # The same expression may also have been changed by hand: CloudFormation can't tell.
        yield {"Evaluation": "Dynamic", "ChangeSource": "DirectModification"}


def _expression(wanted: Wanted, logical_id: str, name: str) -> Any:
    resource = wanted.template.resources.get(logical_id)
    properties: Mapping[str, Any] = resource.properties if resource else {}
    return properties.get(name)
