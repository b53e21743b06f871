# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a run resumes an operation that did not come to its end, or starts a new one. Pure."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import parse_text, shorten

# Statuses of operations that can be gone on with; only the first two are without being asked for by id.
UNFINISHED = ("running", "failed")
RESUMABLE = (*UNFINISHED, "abandoned")


@dataclass(frozen=True)
class Wanted:
    """What a run was asked for.

    :param mode: auto, never, or only (go on with an unfinished one, whatever its inputs and age, to end it).
    :param operation_id: resume this one, whatever its age.
    :param within_hours: an unfinished operation that showed its last sign of life longer ago is not resumed unasked.
    """

    target: str
    source: Mapping[str, Any]
    inputs: Mapping[str, Any]
    mode: str = "auto"
    operation_id: str | None = None
    within_hours: float = 12.0


@dataclass(frozen=True)
class Choice:
    """What is done: ``resumes`` is the operation item to go on with, or None for a new operation.

    :param keep: the pinned snapshot stays; False when inputs changed before anything was begun.
    """

    resumes: Mapping[str, Any] | None
    reason: str
    keep: bool = True


def choose(found: Mapping[str, Any] | None, wanted: Wanted, now: datetime.datetime) -> Choice:
    """Go on with the operation that was found, or start a new one.

    :param found: the operation item asked for by id, else the target's last one; with ``begun`` (whether it has made
        or announced a call that changes AWS) and ``last_sign`` (ISO, of its last sign of life).
    :raises BadInput: the operation asked for is none that can be resumed.
    :raises Refused: its inputs were others.
    """
    if wanted.operation_id:
        found = _asked_for(found, wanted)
    elif found is None or found.get("status") not in UNFINISHED:
        if wanted.mode == "only":
            raise BadInput(
                f"There is no unfinished operation of {wanted.target}",
                resource=wanted.target,
                hint="Nothing was changed; the playbook status.yml lists its operations.",
            )
        return Choice(None, "nothing to resume")
    if wanted.mode == "only":
        return Choice(found, f"operation {found['operation_id']} is to be ended ({stopped(found)})")
    left = _why_left(found, wanted, now)
    if left:
        return Choice(None, f"operation {found['operation_id']} is abandoned{left}")
    changes = list(differences(found, wanted))
    if changes and found.get("begun"):
        raise Refused(
            f"Operation {found['operation_id']} of {wanted.target} is unfinished and was started with other inputs: "
            + "; ".join(changes),
            resource=wanted.target,
            hint="Give the same inputs to go on with it, or abandon it for a new one with"
            " -e aurora_restore_resume=never. Nothing was changed.",
        )
    said = f"operation {found['operation_id']} is resumed ({stopped(found)})"
    return Choice(found, said + (", with new inputs, since it had changed nothing yet" if changes else ""), not changes)


def _why_left(found: Mapping[str, Any], wanted: Wanted, now: datetime.datetime) -> str | None:
    """Why an unfinished operation is abandoned for a new one, as the end of a sentence, or None."""
    if wanted.mode == "never":
        return ", as asked (resume: never)"
    moment = parse_text(found.get("last_sign"))
    hours = (now - moment).total_seconds() / 3600 if moment else 0.0
    if wanted.operation_id or hours <= wanted.within_hours:
        return None
    return (
        f": its last sign of life was {hours:.0f} hours ago, more than the {wanted.within_hours:g} hours within which"
        " operations are resumed"
    )


def differences(found: Mapping[str, Any], wanted: Wanted) -> Iterator[str]:
    """Inputs that are not those of the operation, as phrases."""
    before, after = dict(found.get("source") or {}), dict(wanted.source)
    for key in ("account", "region", "cluster_id"):
        if str(before.get(key)) != str(after.get(key)):
            yield f"source {key} was {before.get(key)}, is {after.get(key)}"
    then, now = dict(found.get("inputs") or {}), dict(shorten(wanted.inputs))
    pinned = dict(found.get("snapshot") or {})
    for key in sorted({*then, *now}):
        if (
            key == "snapshot_id"
            and now.get(key)
            and now[key]
            in (
                pinned.get("db_cluster_snapshot_identifier"),
                pinned.get("db_cluster_snapshot_arn"),
            )
        ):
            continue  # named now what it had chosen by itself
        if _plain(then.get(key)) != _plain(now.get(key)):
            yield f"{key} was {_shown(then.get(key))}, is {_shown(now.get(key))}"


def stopped(found: Mapping[str, Any]) -> str:
    """How an unfinished operation ended, as a phrase."""
    error = found.get("error") or {}
    at = f" at {error['step']}" if error.get("step") else ""
    return f"failed{at}" if found.get("status") == "failed" else "its run broke off"


def _asked_for(found: Mapping[str, Any] | None, wanted: Wanted) -> Mapping[str, Any]:
    name = f"Operation {wanted.operation_id}"
    hint = "List the operations of the target (playbook status.yml). Nothing was changed."
    if wanted.mode == "never":
        raise BadInput(f"{name} can't be resumed with resume: never", hint="Leave one of the two out.")
    if found is None:
        raise BadInput(f"{name} does not exist in the state table", resource=wanted.operation_id, hint=hint)
    if found.get("target") != wanted.target:
        raise BadInput(
            f"{name} is one of {found.get('target')}, not of {wanted.target}", resource=wanted.operation_id, hint=hint
        )
    if found.get("status") not in RESUMABLE:
        raise BadInput(
            f"{name} has {found.get('status')}: there is nothing to resume", resource=wanted.operation_id, hint=hint
        )
    return found


def _plain(value: Any) -> str:
    """A value as text in which what an empty variable may be is one and the same, and so are 1 and 1.0."""
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, Mapping):
        return json.dumps({str(key): _plain(entry) for key, entry in value.items() if _plain(entry)}, sort_keys=True)
    if isinstance(value, (list, tuple)):
        return json.dumps([_plain(entry) for entry in value])
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}"
    return str(value)


def _shown(value: Any) -> str:
    return _plain(value) or "empty"
