# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all modules share: options, clients, poller, journal, and the one place where errors are caught."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import AnsibleAWSModule, Client, make_client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._journal import Journal
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._runner import Runner
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.journal import make_journal
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.table import make_state_client

# Documented in doc_fragments/operation.py
OPERATION_OPTIONS: dict[str, Any] = {
    "id": {"type": "str", "required": True},
    "step": {"type": "str"},
    "target": {"type": "str", "required": True},
    "owner": {"type": "str", "required": True},
    "fence": {"type": "int", "required": True},
    "table": {"type": "str", "required": True},
    "region": {"type": "str", "required": True},
    "endpoint_url": {"type": "str"},
}

# Documented in doc_fragments/assume_role.py
ROLE_SPEC: dict[str, Any] = {"assume_role_arn": {"type": "str"}}


def operation_spec(required: bool = False) -> dict[str, Any]:
    """The ``operation`` option: exactly what the operation module returns."""
    return {"operation": {"type": "dict", "required": required, "options": OPERATION_OPTIONS}}


def wait_spec(timeout: int, interval: int = 30) -> dict[str, Any]:
    """``wait``, ``wait_timeout`` and ``poll_interval``, in seconds. Documented in doc_fragments/wait.py."""
    return {
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": timeout},
        "poll_interval": {"type": "float", "default": float(interval)},
    }


class Context:
    """What a module body gets: parameters, clients, poller and journal; nothing of it can exit the module."""

    def __init__(self, module: AnsibleAWSModule, runner: Runner | None = None) -> None:
        self._module = module
        self.params: Mapping[str, Any] = module.params
        self.check_mode: bool = module.check_mode
        self.runner = runner or Runner.current()
        self.operation: Mapping[str, Any] = self.params.get("operation") or {}
        self.journal: Journal = make_journal(module, self.operation, self.runner)

    @property
    def region(self) -> str:
        return str(self._module.region)

    def client(self, service: str, region: str | None = None) -> Client:
        return make_client(self._module, service, region=region, user_agent=self._agent)

    def hasty_client(self, service: str) -> Client:
        """For calls that a restore can do without: it gives up at the second HTTP attempt."""
        return make_client(self._module, service, user_agent=self._agent, attempts=2)

    def destroying_client(self, service: str) -> Client:
        """For calls that destroy: one HTTP attempt, and a last check of the lease right before the bytes leave."""
        check = self.journal.last_check
        return make_client(self._module, service, user_agent=self._agent, attempts=1, before_send=check)

    @property
    def _agent(self) -> str:
        return f"op={self.operation['id']} fence={self.operation['fence']}" if self.operation else ""

    def state_client(self, operation: Mapping[str, Any]) -> Client:
        """A DynamoDB client for the table of an operation (or of a dict with just its ``region``)."""
        return make_state_client(self._module, operation)

    @property
    def ansible_version(self) -> str:
        return str(self._module.ansible_version)

    def poller(self) -> Poller:
        return Poller(self.params["wait_timeout"], self.params["poll_interval"], self.journal.progress)

    def no_log(self, value: str) -> None:
        """Keep a value out of everything that the module prints."""
        self._module.no_log_values.add(value)

    def warn(self, text: str) -> None:
        self._module.warn(text)


def run(argument_spec: Mapping[str, Any], body: Callable[[Context], Mapping[str, Any]], **kwargs: Any) -> None:
    """A module's main: builds it, runs the body, returns its result or the one error it raised."""
    module = AnsibleAWSModule(argument_spec={**argument_spec, **ROLE_SPEC}, supports_check_mode=True, **kwargs)
    context: Context | None = None
    try:
        context = Context(module)
        result = dict(body(context))
    except RestoreError as error:
        if context is not None:
            context.journal.error(error.to_dict())
        module.fail_json(msg=str(error), error=error.to_dict())
    else:
        module.exit_json(**result)
