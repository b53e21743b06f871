# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process of a race: it takes the lease of a target, deletes the target, and gives the lease back.

What runs is the collection's own code, as its modules run it: ``operation.start``, then ``deleting.delete`` through a
session with a journal and a last check before each call that destroys, then ``closing.finish``. Each process counts as
an ansible-playbook of its own. It can stop or kill itself at any of its HTTP requests.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any
from unittest.mock import patch

from ansible.module_utils.testing import patch_module_args
from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import AnsibleAWSModule
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    LeaseLost,
    Refused,
    RestoreError,
    TerminalStatus,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, operation_spec, wait_spec
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import deleting
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import DeleteWish
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import closing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import journal as journals
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import lease as leases
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import operation as operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import (
    Owner,
    current_owner,
    read_process,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import target_key
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.table import make_state_client, require_table
from botocore.httpsession import URLLib3Session

from race import ledger
from race.window import WindowClock

PATIENCE = 120.0


@dataclass(frozen=True)
class Place:
    """Where the race is."""

    endpoint_url: str
    access_key: str
    secret_key: str
    account: str
    region: str
    table: str


@dataclass(frozen=True)
class Target:
    cluster_id: str
    resource_id: str
    final_snapshot: str


@dataclass(frozen=True)
class Interruption:
    """A signal that a process sends itself around one of its HTTP requests, counted from when it got the lease.

    :param answered: once the answer is there; else before the request is sent. A stop right before a call that destroys
        something would be between its last check and its bytes, where nothing can help; it is put off to the next
        request, unless ``window`` asks for just that.
    """

    number: int
    signal: int = signal.SIGSTOP
    answered: bool = False
    window: bool = False


@dataclass(frozen=True)
class Wish:
    """What a process is to do.

    :param wait: seconds for which it waits for the lease.
    :param sabotage: a rule that it does not keep, a key of SABOTAGE.
    """

    place: Place
    target: Target
    lease_seconds: int = 60
    wait: float = 0.0
    interruption: Interruption | None = None
    sabotage: str = ""


def contend(wish: Wish, channel: Connection) -> None:
    """The process: says ready, waits for the start, and says what became of it."""
    os.setsid()
    with suppress(EOFError, BrokenPipeError):  # the referee has gone
        SABOTAGE[wish.sabotage]()
        clock = watch_windows()
        begin = starter(wish)
        channel.send(("ready", os.getpid()))
        channel.recv()
        try:
            race(wish, begin, channel)
            channel.send(("finished", clock.windows))
        except LeaseLost as error:
            channel.send(("lost", str(error)))
        except Refused as error:
            channel.send(("refused", str(error)))
        except RestoreError as error:
            channel.send(("failed", f"{error.kind}: {error}"))


def race(wish: Wish, begin: Callable[[], dict[str, Any]], channel: Connection) -> None:
    operation = begin()
    channel.send(("won", operation))
    if wish.interruption:
        interrupt(wish.interruption)
    context = Context(make_module(wish, operation))
    delete(Session.of(context), wish.target)
    channel.send(("deleted", None))
    channel.recv()
    closing.finish(context.state_client(operation), operation, "succeeded", None)


def make_module(wish: Wish, operation: dict[str, Any] | None = None) -> Any:
    """A module of this project as Ansible makes it."""
    place = wish.place
    given = {
        "region": place.region,
        "endpoint_url": place.endpoint_url,
        "access_key": place.access_key,
        "secret_key": place.secret_key,
        "poll_interval": 0.4,
        "operation": operation,
    }
    with patch_module_args({key: value for key, value in given.items() if value is not None}):
        return AnsibleAWSModule(argument_spec={**wait_spec(60), **operation_spec()}, supports_check_mode=True)


def starter(wish: Wish) -> Callable[[], dict[str, Any]]:
    """A function that takes the lease; all that takes time is done before, so that several start at the same moment."""
    place = wish.place
    request = operations.Start(
        table=place.table,
        region=place.region,
        endpoint_url=place.endpoint_url,
        target=target_key(place.account, place.region, wish.target.cluster_id),
        source={"account": place.account, "region": place.region, "cluster_id": "seed"},
        inputs={},
        lease_seconds=wish.lease_seconds,
        owner=myself(),
    )
    client = make_state_client(make_module(wish), {"region": place.region, "endpoint_url": place.endpoint_url})
    poller = Poller(wish.wait, 0.2, lambda _status, _percent: None)
    require_table(client, place.table, place.region)

    def begin() -> dict[str, Any]:
        return {**operations.start(client, request, poller).operation, "step": "cluster_delete"}

    return begin


def myself() -> Owner:
    """This process, as if it were the ansible-playbook that a module works for."""
    process = read_process(os.getpid())
    assert process is not None
    return replace(current_owner(os.getpgrp()), pid=process.pid, start=process.start)


def delete(session: Session, target: Target) -> None:
    """Delete the target; where its final snapshot fails, as a run that is started again."""
    wish = DeleteWish(
        resource_id=target.resource_id,
        lift_deletion_protection=True,
        final_snapshot=target.final_snapshot,
        operation_id=session.operation_id,
    )
    try:
        deleting.delete(session, target.cluster_id, wish)
    except TerminalStatus:
        deleting.delete(session, target.cluster_id, wish)


def interrupt(interruption: Interruption) -> None:
    """Arm it: from now on HTTP requests are counted."""
    send: Callable[..., Any] = URLLib3Session.send
    left = interruption.number

    def counted(session: Any, request: Any) -> Any:
        nonlocal left
        left -= 1
        destroys = action_of(request) in ledger.DESTRUCTIVE
        fits = destroys if interruption.window else interruption.answered or not destroys
        due = left < 0 and fits
        if due and not interruption.answered:
            patched.stop()
            os.kill(os.getpid(), interruption.signal)
        answer = send(session, request)
        if due and interruption.answered:
            patched.stop()
            os.kill(os.getpid(), interruption.signal)
        return answer

    patched = patch.object(URLLib3Session, "send", counted)
    patched.start()


def action_of(request: Any) -> str:
    """The action of a request in RDS's protocol, or nothing."""
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
    return next((part.removeprefix("Action=") for part in body.split("&") if part.startswith("Action=")), "")


def watch_windows() -> WindowClock:
    """Measure from the end of each last check."""
    clock = WindowClock()
    last_check: Callable[..., None] = journals.OperationJournal.last_check

    def checked(journal: Any) -> None:
        last_check(journal)
        clock.checked()

    patch.object(journals.OperationJournal, "last_check", checked).start()
    return clock


def _take_without_condition() -> None:
    """Takes a lease whatever became of it since it was read."""
    patch.object(operations, "acquire_part", _made_unconditional(leases.acquire_part)).start()


def _made_unconditional(real: Callable[..., Any]) -> Callable[..., Any]:
    def part(*arguments: Any, **keywords: Any) -> Any:
        return _unconditional(real(*arguments, **keywords))

    return part


def _renew_without_condition() -> None:
    """Renews a lease whoever holds it."""
    real = leases.renew_part

    def part(*arguments: Any, **keywords: Any) -> Any:
        return _unconditional(real(*arguments, **keywords))

    patch.object(journals, "renew_part", part).start()


def _unconditional(part: dict[str, Any]) -> dict[str, Any]:
    """The same update without its condition, and without the names and values that only that used."""
    request = dict(part["Update"])
    del request["ConditionExpression"]
    for kind in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        used = request["UpdateExpression"].replace(",", " ").split()
        request[kind] = {name: value for name, value in request.get(kind, {}).items() if name in used}
    return {"Update": request}


SABOTAGE: dict[str, Callable[[], None]] = {
    "": lambda: None,
    "take": _take_without_condition,
    "renew": _renew_without_condition,
}
