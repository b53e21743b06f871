# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making, changing, rolling back and deleting stacks, step by step: each yield is a moment at which time passes.

Statuses and reasons: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html. Resources that do not need each
other are made one after the other here, on AWS at the same time.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.cloudformation import references
from sandbox.cloudformation.calls import Calls
from sandbox.cloudformation.changes import Change, compare
from sandbox.cloudformation.errors import CloudFormationError, ResourceError
from sandbox.cloudformation.evaluation import Evaluation, Exports
from sandbox.cloudformation.resources import KINDS
from sandbox.cloudformation.resources.kind import Kind, Order
from sandbox.cloudformation.stacks import Item, Stack, Wanted

RENAME = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {} and update the "
    "stack again."
)


def reason_of(error: ResourceError) -> str:
    """As the events of resources have it."""
    token = f"RequestToken: {uuid.uuid4()}, HandlerErrorCode: {error.code}"
    return f'Resource handler returned message: "{error}" ({token})'


def _failed_ones(verb: str, names: Iterable[str]) -> str:
    return f"The following resource(s) failed to {verb}: [{', '.join(names)}]. "


class Operation:
    """What is done to one stack, in the name of one caller.

    :param export_problem: why a stack can't have such outputs, for the sake of other stacks.
    """

    def __init__(
        self, stack: Stack, calls: Calls, now: Callable[[], datetime], exports: Exports,
        export_problem: Callable[[Stack, list[dict[str, Any]]], str | None],
    ) -> None:  # fmt: skip
        self.stack = stack
        self._calls = calls
        self._now = now
        self._exports = exports
        self._export_problem = export_problem

    def _record(self, item: Item | None, status: str, reason: str | None = None) -> None:
        self.stack.record(self._now(), item, status, reason)

    def _order(self, item: Item, before: Item | None = None) -> Order:
        return Order(
            self._calls, self.stack.name, item.logical_id, item.properties, item.tags, item.physical_id,
            item.attributes, before.properties if before else {}, before.tags if before else {},
        )  # fmt: skip

    # new stacks

    def create(self, on_failure: str) -> Iterator[None]:
        """
        :param on_failure: ROLLBACK, DELETE or DO_NOTHING.
        """
        evaluation = Evaluation(self.stack.wanted, self.stack.id, self.stack.items, self._exports)
        failed: str | None = None
        for name in evaluation.included():
            yield
            if self.stack.operation is not self:  # it is being deleted
                return
            if not self._create_one(evaluation, name):
                failed = _failed_ones("create", [name])
                break
        yield
        if self.stack.operation is not self:
            return
        failed = failed or self._set_outputs(evaluation)
        if failed is None:
            self._record(None, "CREATE_COMPLETE")
        elif on_failure == "DO_NOTHING":
            self._record(None, "CREATE_FAILED", failed)
        elif on_failure == "DELETE":
            self._record(None, "DELETE_IN_PROGRESS", f"{failed}Delete requested by user.")
            yield from self.delete(made_now=True)
        else:
            yield from self._roll_back_creation(failed)

    def _create_one(self, evaluation: Evaluation, name: str) -> bool:
        try:
            item = evaluation.item(name)
        except CloudFormationError as error:
            item = Item(name, evaluation.wanted.template.resources[name].type)
            self.stack.items[name] = item
            self._record(item, "CREATE_FAILED", str(error.message))
            return False
        self.stack.items[name] = item
        return self._make(item, "CREATE")

    def _make(self, item: Item, verb: str) -> bool:
        """Make a resource; also the new one of a replacement."""
        self._record(item, f"{verb}_IN_PROGRESS")
        order, kind = self._order(item), KINDS[item.type]
        try:
            _check(kind, item)
            kind.create(order)
            kind.read(order)
        except ResourceError as error:
            item.physical_id, item.attributes = order.physical_id, order.attributes
            self._record(item, f"{verb}_FAILED", reason_of(error))
            return False
        item.physical_id, item.attributes = order.physical_id, order.attributes
        self._record(item, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
        self._record(item, f"{verb}_COMPLETE")
        return True

    def _set_outputs(self, evaluation: Evaluation) -> str | None:
        """Why they can't be set, or None."""
        try:
            outputs = evaluation.outputs()
        except CloudFormationError as error:
            return str(error.message)
        problem = self._export_problem(self.stack, outputs)
        if problem is None:
            self.stack.outputs, self.stack.imports = outputs, evaluation.imports
        return problem

    def _roll_back_creation(self, reason: str) -> Iterator[None]:
        self._record(None, "ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")
        failed = []
        for item in self._last_first():
            yield
            if not self._remove(item, made_now=True):
                failed.append(item.logical_id)
        if failed:
            self._record(None, "ROLLBACK_FAILED", _failed_ones("delete", failed))
        else:
            self._record(None, "ROLLBACK_COMPLETE")

    # deletion

    def delete(self, retain: Iterable[str] = (), made_now: bool = False) -> Iterator[None]:
        """
        :param retain: what is left as it is.
        :param made_now: the stack was made by the same operation.
        """
        failed: list[str] = []
        for item in self._last_first():
            yield
            if item.logical_id in retain:
                self._skip(item)
            elif not self._remove(item, made_now):
                failed.append(item.logical_id)
        yield
        if failed:
            self._record(None, "DELETE_FAILED", _failed_ones("delete", failed))
            return
        self.stack.outputs, self.stack.imports = [], set()
        self.stack.deleted = self._now()
        self._record(None, "DELETE_COMPLETE")

    def _last_first(self) -> list[Item]:
        """Each resource before those that it needs."""
        order = references.order(self.stack.wanted.template)
        places = {name: place for place, name in enumerate(order)}
        return sorted(self.stack.items.values(), key=lambda item: -places.get(item.logical_id, len(places)))

    def _skip(self, item: Item) -> None:
        if item.status != "DELETE_SKIPPED":
            self._record(item, "DELETE_SKIPPED")

    def _remove(self, item: Item, made_now: bool = False, policy: str | None = None) -> bool:
        """Delete a resource, unless it is to be kept. RetainExceptOnCreate keeps what an earlier operation made."""
        policy = policy or item.deletion_policy
        if item.status in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
            return True
        keep = policy == "Retain" or (policy == "RetainExceptOnCreate" and not made_now)
        if item.physical_id and keep:
            self._skip(item)
            return True
        if not item.physical_id:  # it was never made
            self._record(item, "DELETE_COMPLETE")
            return True
        self._record(item, "DELETE_IN_PROGRESS")
        try:
            KINDS[item.type].delete(self._order(item))
        except ResourceError as error:
            if error.code != "NotFound":
                self._record(item, "DELETE_FAILED", reason_of(error))
                return False
        self._record(item, "DELETE_COMPLETE")
        return True

    # updates

    def update(self, wanted: Wanted, disable_rollback: bool) -> Iterator[None]:
        """Bring the stack to what is wanted."""
        stack, old = self.stack, self.stack.wanted
        items_before = dict(stack.items)
        evaluation = Evaluation(wanted, stack.id, stack.items, self._exports)
        leftovers: list[tuple[Item, str]] = []
        failed: str | None = None
        names = evaluation.included()
        for name in names:
            yield
            problem = self._update_one(evaluation, name, leftovers)
            if problem:
                failed = _failed_ones(problem, [name])
                break
        yield
        failed = failed or self._set_outputs(evaluation)
        if failed and disable_rollback:
            self._record(None, "UPDATE_FAILED", failed)
        elif failed:
            yield from self._roll_back_update(items_before, old, failed)
        else:
            leftovers += [(item, item.deletion_policy) for key, item in items_before.items() if key not in names]
            stack.wanted, stack.updated = wanted, self._now()
            yield from self._clean_up("UPDATE_COMPLETE", leftovers)

    def _update_one(self, evaluation: Evaluation, name: str, leftovers: list[tuple[Item, str]]) -> str | None:
        """What could not be done: create or update; None: all well."""
        before = self.stack.items.get(name)
        try:
            after = evaluation.item(name)
        except CloudFormationError as error:
            item = before or Item(name, evaluation.wanted.template.resources[name].type)
            self._record(item, "UPDATE_FAILED" if before else "CREATE_FAILED", str(error.message))
            return "update" if before else "create"
        if before is None or before.status in ("CREATE_FAILED", "DELETE_COMPLETE"):
            self.stack.items[name] = after
            return None if self._make(after, "CREATE") else "create"
        change = compare(before, after)
        if change and change.replaces:
            return self._replace(change, before, after, leftovers)
        kept = replace(
            after, physical_id=before.physical_id, attributes=before.attributes, status=before.status,
            reason=before.reason, updated=before.updated,
        )  # fmt: skip
        if change is None:
            self.stack.items[name] = kept
            return None
        return None if self._change(before, kept) else "update"

    def _change(self, before: Item, after: Item) -> bool:
        """Update in place."""
        self._record(after, "UPDATE_IN_PROGRESS")
        order = self._order(after, before)
        writes = self._calls.writes
        self.stack.items[after.logical_id] = after
        try:
            _check(KINDS[after.type], after)
            KINDS[after.type].update(order)
            KINDS[after.type].read(order)
        except ResourceError as error:
            # What was done before that is the rollback's to undo.
            reached = after if self._calls.writes > writes else replace(before)
            self.stack.items[after.logical_id] = reached
            self._record(reached, "UPDATE_FAILED", reason_of(error))
            return False
        after.attributes = order.attributes
        self._record(after, "UPDATE_COMPLETE")
        return True

    def _replace(
        self, change: Change, before: Item, after: Item, leftovers: list[tuple[Item, str]]
    ) -> str | None:  # fmt: skip
        kind = KINDS[after.type]
        named = after.properties.get(kind.name) if kind.name else None
        if named is not None and named == before.properties.get(kind.name) and before.type == after.type:
            self._record(replace(before), "UPDATE_FAILED", RENAME.format(named))
            return "update"
        reason = "Requested update requires the creation of a new physical resource; hence creating one."
        self._record(before, "UPDATE_IN_PROGRESS", reason)
        self.stack.items[after.logical_id] = after
        if not self._make(after, "UPDATE"):
            return "update"
        leftovers.append((before, after.update_replace_policy))
        return None

    def _clean_up(self, status: str, leftovers: list[tuple[Item, str]]) -> Iterator[None]:
        """Delete what is not needed any more. A failure does not matter to the stack."""
        self._record(None, f"{status}_CLEANUP_IN_PROGRESS")
        for item, policy in reversed(leftovers):
            yield
            if item.physical_id:
                self._remove(item, policy=policy)
            if self.stack.items.get(item.logical_id) is item:
                del self.stack.items[item.logical_id]
        self._record(None, status)

    def _roll_back_update(self, items_before: dict[str, Item], old: Wanted, reason: str) -> Iterator[None]:
        self._record(None, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        made_now: list[tuple[Item, str]] = []
        failed = []
        for name, item in reversed(list(self.stack.items.items())):
            before = items_before.get(name)
            if before is item:
                continue
            yield
            if before is None or before.physical_id != item.physical_id:
                retained = before is None and item.deletion_policy == "Retain"
                made_now.append((item, "Retain" if retained else "Delete"))
                if before:
                    self._restored(before)
            elif not self._change_back(item, before):
                failed.append(name)
        if failed:
            self._record(None, "UPDATE_ROLLBACK_FAILED", _failed_ones("update", failed))
            return
        self.stack.wanted = old
        yield from self._clean_up("UPDATE_ROLLBACK_COMPLETE", made_now)

    def _restored(self, before: Item) -> None:
        """The old one of a replacement was never touched."""
        self.stack.items[before.logical_id] = before
        self._record(before, "UPDATE_COMPLETE")

    def _change_back(self, item: Item, before: Item) -> bool:
        if item.status not in ("UPDATE_COMPLETE", "UPDATE_FAILED") or compare(item, before) is None:
            self.stack.items[before.logical_id] = before
            return True
        back = replace(before, attributes=item.attributes)
        return self._change(item, back)


def _check(kind: Kind, item: Item) -> None:
    try:
        kind.check(item.properties)
    except ResourceError as error:
        raise ResourceError(
            error.code, f"Properties validation failed for resource {item.logical_id} with message:\n{error}"
        ) from error
