# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the sandbox's CloudFormation into moto."""

from __future__ import annotations

from collections.abc import Callable

from moto.cloudformation import urls

from sandbox.cloudformation.calls import Wsgi
from sandbox.cloudformation.changesets import ChangeSets
from sandbox.cloudformation.responses import StackResponse
from sandbox.cloudformation.runner import Runner
from sandbox.cloudformation.service import Stacks
from sandbox.scheduler import Scheduler


def install(scheduler: Scheduler, seconds: Callable[[], float], application: Wsgi, url: str) -> None:
    """To be called before the first CloudFormation call; again, for a world without stacks.

    :param seconds: how long an operation on a stack takes.
    :param application: where calls go that are made in somebody's name: the gateway, or moto itself.
    :param url: under which the sandbox is reached.
    """
    stacks = Stacks(Runner(scheduler, seconds), scheduler.clock.now, application, url)
    StackResponse.stacks, StackResponse.change_sets = stacks, ChangeSets(stacks)
    urls.url_paths = {"{0}/$": StackResponse.dispatch}
