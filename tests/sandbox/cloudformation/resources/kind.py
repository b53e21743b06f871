# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all types of resources have in common."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sandbox.cloudformation.calls import CallError, Calls
from sandbox.cloudformation.errors import ResourceError
from sandbox.cloudformation.functions import text

LETTERS = string.ascii_uppercase + string.digits


@dataclass
class Order:
    """To make, change or delete one resource.

    :param properties, tags: as they are to be; before, tags_before: as they were, for a change.
    :param physical_id: set as soon as something is there that a rollback must delete.
    """

    calls: Calls
    stack_name: str
    logical_id: str
    properties: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    physical_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    tags_before: dict[str, str] = field(default_factory=dict)

    def name(self, property_name: str, longest: int = 255) -> str:
        """The name that the template gives, or one made of the stack's and the resource's.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
        """
        given = self.properties.get(property_name)
        if given is not None:
            return str(given)
        end = "".join(random.choices(LETTERS, k=12))
        return f"{self.stack_name}-{self.logical_id}"[: longest - 13] + f"-{end}"

    def changed(self, *names: str) -> bool:
        """Whether one of these properties is to be another than it was."""
        return any(not same(self.properties.get(name), self.before.get(name)) for name in names)

    def tags_to_set(self) -> dict[str, str]:
        return {key: value for key, value in self.tags.items() if self.tags_before.get(key) != value}

    def tags_to_remove(self) -> list[str]:
        return [key for key in self.tags_before if key not in self.tags]


class Kind:
    """A type of resources.

    The class attributes are those of the type's schema in the CloudFormation registry.

    :cvar replaced_by: properties whose change needs a new resource.
    :cvar name: the property that names it.
    :cvar attributes: what Fn::GetAtt gives.
    :cvar system_tags: whether it gets CloudFormation's own tags.
    """

    type: ClassVar[str]
    properties: ClassVar[frozenset[str]]
    required: ClassVar[tuple[str, ...]] = ()
    replaced_by: ClassVar[frozenset[str]] = frozenset()
    name: ClassVar[str] = ""
    attributes: ClassVar[frozenset[str]] = frozenset()
    system_tags: ClassVar[bool] = False

    @property
    def is_taggable(self) -> bool:
        return "Tags" in self.properties

    def create(self, order: Order) -> None:
        """Make it, and say its physical id and attributes.

        :raises ResourceError: it can't be made.
        """
        raise NotImplementedError

    def update(self, order: Order) -> None:
        """Change what differs from before, where no replacement is needed.

        :raises ResourceError: it can't be changed.
        """
        raise NotImplementedError

    def read(self, order: Order) -> None:
        """Look at what has been made or changed, as CloudFormation does, with the schema's permissions for reading.

        :raises ResourceError: it may not be seen.
        """

    def delete(self, order: Order) -> None:
        """
        :raises ResourceError: it can't be deleted; code NotFound: there is none, which is fine.
        """
        raise NotImplementedError

    def check(self, properties: Mapping[str, Any]) -> None:
        """
        :raises ResourceError: a property is unknown or missing.
        """
        unknown = [name for name in properties if name not in self.properties]
        problems = [f"#: extraneous key [{name}] is not permitted" for name in unknown]
        problems += [f"#: required key [{name}] not found" for name in self.required if name not in properties]
        if problems:
            raise ResourceError("InvalidRequest", "\n".join(problems))

    def exists(self, identifier: str) -> ResourceError:
        """What is said of a name that is taken."""
        return ResourceError(
            "AlreadyExists", f"Resource of type '{self.type}' with identifier '{identifier}' already exists."
        )


def same(left: Any, right: Any) -> bool:
    """Whether two properties mean the same: 5 and "5", true and "true"."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, Mapping | list) or isinstance(right, Mapping | list) or left is None or right is None:
        return left is right or (left is None and right is None)
    return text(left) == text(right)


def boolean(value: Any) -> bool | None:
    return None if value is None else text(value) == "true"


def integer(value: Any) -> int | None:
    return None if value is None else int(value)


def document(value: Any) -> str:
    """A policy, or another text that may be written as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def tag_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]] | None:
    return [{key: name, value: content} for name, content in tags.items()] or None


def renamed(given: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    """The same with the names that the service's API has."""
    return None if given is None else {names.get(key, key): value for key, value in given.items()}


def is_there(call: Callable[[], Any]) -> bool:
    """Whether what a call asks for exists."""
    try:
        call()
    except CallError as error:
        if error.code != "NotFound":
            raise
        return False
    return True
