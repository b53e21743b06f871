# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What faults do to a call, before it and after it."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time

from sandbox.dataplane import launch
from sandbox.faults import keys
from sandbox.faults.engine import Attempt, Faults, Phase
from sandbox.faults.model import Command, DisableKey, Drop, Error, ExpiredToken, Fault, LosesKey
from sandbox.faults.vocabulary import codes_of
from sandbox.gateway import refusals
from sandbox.gateway.refusals import Refusal

log = logging.getLogger("sandbox.faults")

THROTTLED = ("Throttling", "ThrottlingException", "Throttled", "RequestLimitExceeded", "SlowDown")


class Dropped(ConnectionAbortedError):
    """The connection is to be closed without an answer."""


def carry_out(faults: Faults, attempt: Attempt, phase: Phase) -> Refusal | None:
    """Let the faults of that phase hit; what to answer in the place of the service, or None.

    :raises Dropped: nothing is to be answered.
    """
    answer: Refusal | None = None
    drop = False
    for fault in faults.hits(attempt, phase):
        log.info("%s hits %s %s", fault.name, attempt.call.service, attempt.call.action)
        time.sleep(fault.delay_seconds)
        if isinstance(fault.effect, Drop):
            drop = True
        elif isinstance(fault.effect, Error):
            answer = _refusal(attempt, fault.effect, fault.name)
        elif isinstance(fault.effect, ExpiredToken):
            answer = refusals.expired_token(attempt.call)
        else:
            _side_effect(faults, attempt, fault)
    if drop:
        raise Dropped
    return answer


def _side_effect(faults: Faults, attempt: Attempt, fault: Fault) -> None:
    problem = None
    if isinstance(fault.effect, Command):
        problem = run(fault.effect, faults)
    elif isinstance(fault.effect, DisableKey):
        problem = keys.disable(attempt, fault.effect)
    elif isinstance(fault.effect, LosesKey):
        problem = keys.lose(attempt, fault.effect)
    if problem:
        log.error("%s: %s", fault.name, problem)
        faults.problem(attempt, fault, problem)


def _refusal(attempt: Attempt, error: Error, name: str) -> Refusal:
    call = attempt.call
    status = error.status or codes_of([call.service]).get(error.code, 400)
    said = "Rate exceeded" if error.code in THROTTLED else f"The fault {name} of the sandbox's scenario."
    return refusals.refuse(call, error.code, error.message or said, status)


def run(command: Command, faults: Faults) -> str | None:
    """Run a program to its end; a sentence if it fails, or takes too long (it is killed then)."""
    arguments = ["sh", "-c", command.run] if isinstance(command.run, str) else list(command.run)
    program = shutil.which(arguments[0])
    if program is None:
        return f"The command {arguments[0]} can't be run: there is no such program."
    # The launcher sees to it that it ends with the sandbox, however that ends.
    launched = [sys.executable, "-I", "-S", launch.__file__, "direct", str(os.getpid()), program, *arguments[1:]]
    process = subprocess.Popen(
        launched, env={**os.environ, **faults.environment}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    faults.running.add(process.pid)
    try:
        output, _nothing = process.communicate(timeout=command.timeout_seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return f"The command was not through after {command.timeout_seconds:g} seconds and was killed."
    finally:
        faults.running.discard(process.pid)
    said = output.decode(errors="replace").strip().splitlines()
    if process.returncode:
        return f"The command ended with status {process.returncode}{': ' + said[-1] if said else ''}."
    return None
