# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault of a scenario: which calls, which of them, what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sandbox.errors import SandboxError
from sandbox.faults import vocabulary

# What ends or stalls: the actions that begin it, and the bad ends that AWS documents
# (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html lists the statuses).
BEGUN_BY = {
    "snapshot": ("CreateDBClusterSnapshot", "CopyDBClusterSnapshot"),
    "cluster": ("CreateDBCluster", "RestoreDBClusterFromSnapshot"),
    "instance": ("CreateDBInstance",),
    "modification": ("ModifyDBCluster",),
    "deletion": ("DeleteDBCluster", "DeleteDBInstance"),
}
_BROKEN = (
    "failed", "inaccessible-encryption-credentials", "inaccessible-encryption-credentials-recoverable",
    "incompatible-network", "incompatible-parameters",
)  # fmt: skip
ENDS = {
    "snapshot": ("failed",),
    "cluster": (*_BROKEN, "incompatible-restore", "migration-failed", "restore-failed"),
    "modification": (*_BROKEN, "upgrade_failed"),
    "instance": (
        *_BROKEN, "incompatible-create", "incompatible-credentials", "incompatible-option-group",
        "incompatible-restore", "insufficient-capacity", "restore-error", "storage-full",
    ),
    "deletion": (),  # it may stall
}  # fmt: skip
RECOVERABLE = "inaccessible-encryption-credentials-recoverable"


@dataclass(frozen=True)
class Fate:
    """How something ends that a call has begun: in that status, or never (None), at that percentage of its time."""

    status: str | None
    at_percent: int
    fault: str = ""


@dataclass(frozen=True)
class Error:
    """An error answer; status None: the one that the code has."""

    code: str
    message: str
    status: int | None = None


@dataclass(frozen=True)
class Drop:
    """The connection is closed without an answer."""


@dataclass(frozen=True)
class LosesKey:
    """The key of a cluster can't be used any more."""

    status: str = RECOVERABLE
    after_seconds: float = 0.0


@dataclass(frozen=True)
class DisableKey:
    """A KMS key is disabled; region None: the call's."""

    key: str
    region: str | None = None


@dataclass(frozen=True)
class RejectsLogEvents:
    """So many events of a PutLogEvents are not kept: the first ones as too old or expired, the last as too new."""

    too_old: int = 0
    too_new: int = 0
    expired: int = 0


@dataclass(frozen=True)
class ExpiredToken:
    """The caller's credentials have expired."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments, or a line for sh."""

    run: str | tuple[str, ...]
    timeout_seconds: float = 60.0


def _command(value: Any) -> Command:
    given = value if isinstance(value, dict) else {"run": value}
    run = given["run"]
    return Command(**{**given, "run": run if isinstance(run, str) else tuple(run)})


Effect = Error | Drop | Fate | LosesKey | DisableKey | RejectsLogEvents | ExpiredToken | Command
# From the value in the file.
EFFECTS: dict[str, Callable[[Any], Effect]] = {
    "error": lambda value: Error(value["code"], value.get("message", ""), value.get("status")),
    "drop": lambda value: Drop(),
    "ends": lambda value: Fate(value["status"], value.get("at_percent", 99)),
    "stalls": lambda value: Fate(None, value.get("at_percent", 50)),
    "loses_key": lambda value: LosesKey(**value),
    "disable_key": lambda value: DisableKey(value) if isinstance(value, str) else DisableKey(**value),
    "rejects_log_events": lambda value: RejectsLogEvents(**value),
    "expired_token": lambda value: ExpiredToken(),
    "command": _command,
}
# Effects that can come before the call or after it; the others have their one moment.
TIMED = (Error, Drop, DisableKey, Command, type(None))


@dataclass(frozen=True)
class Fault:
    """
    :param nth: which of the matching calls are hit, counted from 1; empty: all.
    :param each: what is counted apart: "action", "resource" (and action), or None.
    :param effect: None: the answer is only late.
    """

    name: str
    service: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    resource: tuple[str, ...] = ()
    principal: tuple[str, ...] = ()
    after_seconds: float = 0.0
    nth: tuple[int, ...] = ()
    probability: float | None = None
    times: int | None = None
    each: str | None = None
    when: str = "before"
    delay_seconds: float = 0.0
    effect: Effect | None = field(default=None)

    @classmethod
    def parse(cls, mapping: Mapping[str, Any], where: str, number: int = 1) -> Fault:
        """From what the file says, which fits the schema.

        :param where: what to begin an error with, such as ``night.yml: faults[0]``.
        :raises SandboxError: what does not exist, or does not fit together.
        """
        known = {item.name for item in fields(cls)} - {"effect"}
        effects = [name for name in mapping if name in EFFECTS]
        if len(effects) > 1:
            raise SandboxError(f"{where}: a fault has one effect, not both {effects[0]} and {effects[1]}.")
        if not effects and "delay_seconds" not in mapping:
            raise SandboxError(f"{where}: nothing happens; say one of {', '.join([*EFFECTS, 'delay_seconds'])}.")
        if "nth" in mapping and "probability" in mapping:
            raise SandboxError(f"{where}: either nth or probability.")
        given = {name: value for name, value in mapping.items() if name in known}
        for name in ("service", "action", "region", "resource", "principal", "nth"):
            if name in given:
                given[name] = tuple(given[name]) if isinstance(given[name], list) else (given[name],)
        effect = EFFECTS[effects[0]](mapping[effects[0]]) if effects else None
        fault = cls(**{"name": f"fault-{number}", **given, "effect": effect})
        _check(fault, mapping, where)
        return fault


def parse_faults(listed: Iterable[Mapping[str, Any]], where: str) -> tuple[Fault, ...]:
    """All faults of a file, in its order.

    :raises SandboxError: see Fault.parse; or two have the same name.
    """
    faults = [
        Fault.parse(mapping, f"{where}[{place}]", number=place + 1) for place, mapping in enumerate(listed)
    ]  # fmt: skip
    names = [fault.name for fault in faults]
    for name in names:
        if names.count(name) > 1:
            raise SandboxError(f"{where}: two faults are named {name}.")
    return tuple(faults)


def _check(fault: Fault, mapping: Mapping[str, Any], where: str) -> None:
    """That what it names exists, and that its effect can happen."""
    names = vocabulary.services_of(fault.service)
    if not names:
        hint = vocabulary.near(fault.service[0], vocabulary.services())
        raise SandboxError(f"{where}: AWS has no service {' or '.join(fault.service)}{hint}.")
    for pattern in fault.action:
        if not vocabulary.actions_of(names, [pattern]):
            known = [action for _service, action in vocabulary.actions_of(names, ())]
            whose = f" of {' or '.join(fault.service)}" if fault.service else ""
            raise SandboxError(f"{where}: there is no action {pattern}{whose}{vocabulary.near(pattern, known)}.")
    matched = vocabulary.actions_of(names, fault.action)
    rest = sorted({service for service, _action in matched if fault.action and vocabulary.is_rest(service)})
    if rest:
        raise SandboxError(f"{where}: calls of {rest[0]}, which has a REST protocol, are not known by action.")
    if "when" in mapping and not isinstance(fault.effect, TIMED):
        raise SandboxError(f"{where}: this effect has its own moment; leave out when.")
    if isinstance(fault.effect, Error):
        unlisted = bool(mapping["error"].get("unlisted"))
        _check_code(fault.effect, {service for service, _action in matched}, unlisted, where)
    elif isinstance(fault.effect, Fate):
        _check_fate(fault.effect, {action for service, action in matched if service == "rds"}, where)
    elif isinstance(fault.effect, RejectsLogEvents) and ("logs", "PutLogEvents") not in matched:
        raise SandboxError(f"{where}: only PutLogEvents of logs rejects log events.")


def _check_code(error: Error, names: set[str], unlisted: bool, where: str) -> None:
    codes = vocabulary.codes_of(sorted(names))
    if error.code not in codes and not unlisted:
        raise SandboxError(
            f"{where}: {' and '.join(sorted(names)[:3])} {'has' if len(names) == 1 else 'have'} no error code "
            f"{error.code}{vocabulary.near(error.code, codes)}; unlisted: true would allow it."
        )


def _check_fate(fate: Fate, matched: set[str], where: str) -> None:
    kinds = [kind for kind, begun_by in BEGUN_BY.items() if matched.intersection(begun_by)]
    if not kinds:
        known = sorted({action for begun_by in BEGUN_BY.values() for action in begun_by})
        raise SandboxError(f"{where}: only what these actions begin can end or stall: {', '.join(known)}.")
    if fate.status is not None and not any(fate.status in ENDS[kind] for kind in kinds):
        known = sorted({status for kind in kinds for status in ENDS[kind]})
        raise SandboxError(f"{where}: what these calls begin can't end in {fate.status}; but in {', '.join(known)}.")
