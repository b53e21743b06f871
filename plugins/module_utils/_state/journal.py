# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a mutating module writes to its operation: intent, progress, result, error, and beats of the lease."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    LeaseLost,
    RestoreError,
    RunnerGone,
    StateError,
    Throttled,
    Unreachable,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._journal import Journal, NoJournal
from ansible_collections.dbops.aurora_restore.plugins.module_utils._runner import Runner
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import (
    Lease,
    describe_owner,
    is_fresh,
    renew_interval,
    renew_part,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    audit_item,
    lease_key,
    merged_result,
    now_text,
    shorten,
    step_key,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import new_ulid

# A lease of which so many seconds have passed since it was renewed is renewed again before something is destroyed: also
# a lease of hours may be broken by an operator who has seen no beat for a while (see unlocking.SHORTEST_WATCH).
LONGEST_CHECK = 22.5
# After one of these nothing may be written any more: the target belongs to somebody else, or nobody is there to act.
SILENCING = (LeaseLost, RunnerGone)


def seconds_awake_or_asleep() -> float:
    """Seconds that never go back, and go on while the machine sleeps (CLOCK_MONOTONIC of Linux does not)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def make_journal(module: Any, operation: Mapping[str, Any] | None, runner: Runner) -> Journal:
    """The journal of a module run: the operation's, or one that only watches the runner.

    Check mode writes nothing, and neither does an operation that was planned in check mode (fence 0).
    """
    watch = runner_watch(runner)
    if not operation or module.check_mode or not operation["fence"]:
        return NoJournal(watch)
    step = operation.get("step") or str(getattr(module, "_name", "module")).rpartition(".")[2]
    return OperationJournal(lambda: state_table.make_state_client(module, operation), operation, step, watch)


def runner_watch(runner: Runner) -> Callable[[], None]:
    """A function that raises RunnerGone once the runner is gone."""

    def check() -> None:
        if not runner.alive():
            raise RunnerGone(
                "The process that runs this module is gone: no further AWS call is made",
                hint="Run the same command again: it goes on from what AWS has.",
            )

    return check


def renew(client: Client, operation: Mapping[str, Any], hold: int | None = None) -> Lease:
    """Renew the operation's lease (and so check its fence).

    :raises LeaseLost: another operation holds the target, or the lease was released.
    """
    part = renew_part(operation["table"], operation["target"], operation["owner"], operation["fence"], now_text(), hold)
    try:
        return Lease.from_item(state_table.update_item(client, operation["table"], part))
    except state_table.ConditionFailed as error:
        raise lease_lost(client, operation) from error


def lease_lost(client: Client, operation: Mapping[str, Any]) -> RestoreError:
    """The error for a condition on the lease that failed, after reading the lease again."""
    item = state_table.get_item(client, operation["table"], lease_key(operation["target"]))
    lease = Lease.from_item(item) if item else None
    if lease and lease.held and (lease.owner, lease.fence) == (operation["owner"], operation["fence"]):
        return StateError(
            f"The state table {operation['table']} refused a write although the lease is still ours",
            resource=operation["table"],
            hint="Run the same command again.",
        )
    if lease is None:
        reason = "its lease is gone from the state table"
    elif lease.held:
        reason = f"operation {lease.operation_id} holds it now ({describe_owner(lease)})"
    else:
        reason = "its lease was released"
    return LeaseLost(
        f"Operation {operation['id']} no longer holds the target {operation['target']}: {reason}",
        resource=operation["target"],
        hint="Look at the target's operations, then start a new run if it is still wanted.",
        resumes=False,
    )


def write_fenced(client: Client, operation: Mapping[str, Any], parts: list[state_table.Part]) -> None:
    """Write these parts together with another beat of the lease: all, or nothing when the lease is lost.

    :raises LeaseLost: another operation holds the target.
    """
    table = operation["table"]
    beat = renew_part(table, operation["target"], operation["owner"], operation["fence"], now_text())
    try:
        state_table.transact(client, table, [beat, *parts], new_ulid())
    except state_table.ConditionFailed as error:
        raise lease_lost(client, operation) from error


def audit_part(operation: Mapping[str, Any], event: str, **values: Any) -> state_table.Part:
    item = audit_item(
        operation["id"],
        now_text(),
        secrets.token_hex(3),
        event,
        fence=operation["fence"],
        by=operation["owner"],
        **values,
    )
    return state_table.put(operation["table"], shorten(item))


def parameter_hash(parameters: Mapping[str, Any] | None) -> str | None:
    """A short hash of a call's parameters: tells two intents apart without storing what they hold.

    Passwords are left out: even a hash would let somebody try guesses.
    """
    if not parameters:
        return None
    open_ones = {key: value for key, value in parameters.items() if "password" not in key.lower()}
    text = json.dumps(open_ones, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class OperationJournal:
    """Writes one step of an operation. Implements ``_journal.Journal``; the table is first touched when needed."""

    def __init__(
        self,
        connect: Callable[[], Client],
        operation: Mapping[str, Any],
        step: str,
        check_runner: Callable[[], None],
        monotonic: Callable[[], float] = seconds_awake_or_asleep,
    ) -> None:
        self._connect = connect
        self._operation = operation
        self._step = step
        self._check_runner = check_runner
        self._monotonic = monotonic
        self._client: Client | None = None
        self._renewed: float | None = None
        self._lease_seconds = 0.0
        self._silent = False
        # The call announced last, and how it ended: one that a wait repeats in vain is in the audit trail once.
        self._last: tuple[str, str, str | None, str] | None = None

    @property
    def operation_id(self) -> str | None:
        return str(self._operation["id"])

    def intent(self, action: str, resource: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Record what is about to be done; the same transaction checks and renews the lease.

        :raises LeaseLost: another operation holds the target.
        :raises RunnerGone: nobody is there any more to whom the result matters.
        :raises StateError: it could not be written.
        """
        intent = {"action": action, "resource": resource, "hash": parameter_hash(parameters), "at": now_text()}
        known = self._last is not None and self._last[:3] == (action, resource, intent["hash"])
        audit = [] if known else [audit_part(self._operation, "intent", name=self._step, intent=intent)]
        self._write({"intent": intent, "progress": None}, *audit)

    @contextlib.contextmanager
    def call(self, action: str, resource: str, parameters: Mapping[str, Any] | None = None) -> Iterator[None]:
        """Around one call that changes AWS: the intent before it, its outcome after it.

        :raises StateError: one of them could not be written.
        """
        self.intent(action, resource, parameters)
        try:
            yield
        except AwsError as error:
            with contextlib.suppress(RestoreError):  # the call's own error says more; the next intent meets it again
                self._outcome(action, resource, parameters, error.code or error.kind)
            raise
        self._outcome(action, resource, parameters, "done")

    def _outcome(self, action: str, resource: str, parameters: Mapping[str, Any] | None, outcome: str) -> None:
        this = (action, resource, parameter_hash(parameters), outcome)
        if this != self._last:
            self._last = this
            values = {"name": self._step, "action": action, "resource": resource, "outcome": outcome}
            self._write({}, audit_part(self._operation, "call", **values))

    def last_check(self) -> None:
        """Right before the bytes of a call that destroys something leave: runner and lease, which is renewed once more.

        A renewal whose answer took long proves nothing (this process, or its machine, may have slept): then once more.

        :raises LeaseLost, RunnerGone, StateError: then nothing is sent.
        """
        while True:
            asked = self._monotonic()
            try:
                lease = self._guard(lambda: renew(self._table(), self._operation))
            except AwsError as error:
                raise self._unwritten(error) from error
            self._renewed, self._lease_seconds = asked, float(lease.seconds)
            self._guard(self._check_runner)
            if is_fresh(min(lease.seconds, LONGEST_CHECK), asked, self._monotonic()):
                return

    def progress(self, status: str, percent: int | None = None) -> None:
        """Renew the lease and record how a wait stands, when a renewal is due; the runner is checked every time.

        An outage of the table is borne until the lease could run out.
        """
        self._guard(self._check_runner)
        if self._renewed is not None and self._age() < renew_interval(self._lease_seconds):
            return
        asked = self._monotonic()
        try:
            lease = self._guard(lambda: renew(self._table(), self._operation))
            self._renewed, self._lease_seconds = asked, float(lease.seconds)
            progress = {"status": shorten(status, 200), "percent": percent, "at": now_text()}
            state_table.update_item(self._table(), self._operation["table"], self._part({"progress": progress}))
        except (Throttled, Unreachable) as error:
            if self._renewed is None or not is_fresh(self._lease_seconds, self._renewed, self._monotonic()):
                raise self._unwritten(error) from error
        except AwsError as error:
            raise self._unwritten(error) from error

    def result(self, values: Mapping[str, Any]) -> None:
        """Merge values into the step's result.

        :raises StateError: it could not be written.
        """
        if not values:
            return
        try:
            item = state_table.get_item(self._table(), self._operation["table"], self._key()) or {}
        except AwsError as error:
            raise self._unwritten(error) from error
        self._write({"result": merged_result(item.get("result"), values)})

    def error(self, error: Mapping[str, Any]) -> None:
        """Record why the step failed; never raises, and writes nothing once the lease or the runner is lost."""
        if self._silent or error.get("kind") in (LeaseLost.kind, RunnerGone.kind):
            return
        try:
            self._check_runner()
            write_fenced(self._table(), self._operation, [self._part({"error": shorten(error)})])
        except RestoreError:
            return

    def _write(self, values: Mapping[str, Any], *more: state_table.Part) -> None:
        self._guard(self._check_runner)
        parts, asked = [*([self._part(values)] if values else []), *more], self._monotonic()
        try:
            self._guard(lambda: write_fenced(self._table(), self._operation, parts))
        except AwsError as error:
            raise self._unwritten(error) from error
        self._renewed = asked
        self._guard(self._check_runner)

    def _guard(self, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except SILENCING:
            self._silent = True
            raise

    def _unwritten(self, error: AwsError) -> StateError:
        return StateError(
            f"The state of operation {self.operation_id} could not be written: {error.message}",
            resource=self._operation["table"],
            code=error.code,
            action=error.action,
            hint="Nothing more is done without it: "
            + (error.hint or "run the same command again once the table works."),
        )

    def _age(self) -> float:
        return self._monotonic() - (self._renewed or 0.0)

    def _table(self) -> Client:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _key(self) -> dict[str, str]:
        return step_key(self._operation["id"], self._step)

    def _part(self, values: Mapping[str, Any]) -> state_table.Part:
        return state_table.update(self._operation["table"], self._key(), values)
