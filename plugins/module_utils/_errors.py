# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one exception tree: what failed, on which resource, AWS's code, whether a re-run resumes, what to do next.

Raised anywhere in module_utils, caught once per module (``_module.run``).
"""

from __future__ import annotations

from typing import Any


class RestoreError(Exception):
    """An error an operator can act on.

    :param message: one clear sentence: what failed and why.
    :param resource: the AWS resource (id or ARN) it failed on.
    :param code: AWS's error code, where there is one.
    :param action: the AWS call, where there is one.
    :param hint: what to do next, one sentence.
    :param resumes: whether running the same command again goes on from here (once the hint is followed).
    """

    kind = "error"

    def __init__(
        self,
        message: str,
        *,
        resource: str | None = None,
        code: str | None = None,
        action: str | None = None,
        hint: str | None = None,
        resumes: bool = True,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.resource = resource
        self.code = code
        self.action = action
        self.hint = hint
        self.resumes = resumes

    def __str__(self) -> str:
        text = self.message if self.message.endswith((".", "!", "?")) else self.message + "."
        if self.hint:
            text += " " + self.hint
        return text

    def to_dict(self) -> dict[str, Any]:
        """The ``error`` return value of a failed module; also what the state table and the report hold."""
        return {
            "kind": self.kind,
            "message": str(self),
            "resource": self.resource,
            "code": self.code,
            "action": self.action,
            "resumes": self.resumes,
        }


class BadInput(RestoreError):
    """An option or variable is wrong; nothing was changed."""

    kind = "bad_input"


class NotFound(RestoreError):
    """A resource that has to exist does not."""

    kind = "not_found"


class Refused(RestoreError):
    """A guard refused: going on could destroy the wrong thing."""

    kind = "refused"


class Conflict(RestoreError):
    """A resource of foreign provenance has the name that is wanted."""

    kind = "conflict"


class TerminalStatus(RestoreError):
    """A resource reached a status that it does not leave by itself."""

    kind = "terminal_status"


class WaitTimeout(RestoreError):
    """wait_timeout passed; whatever was waited for goes on in AWS."""

    kind = "wait_timeout"


class LeaseLost(RestoreError):
    """Another operation holds the target now."""

    kind = "lease_lost"


class RunnerGone(RestoreError):
    """The process that runs this module (ansible-playbook) is gone; no further AWS call is made."""

    kind = "runner_gone"


class StateError(RestoreError):
    """The state table can't be used or written."""

    kind = "state"


class AwsError(RestoreError):
    """AWS refused or failed a call."""

    kind = "aws"

    def __init__(self, message: str, *, aws_message: str = "", http_status: int | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.aws_message = aws_message
        self.http_status = http_status


class Throttled(AwsError):
    """AWS asked to slow down; a poller asks again later."""

    kind = "throttled"


class Unreachable(AwsError):
    """No answer came from the endpoint; the call may or may not have taken effect."""

    kind = "unreachable"


class Denied(AwsError):
    """Credentials are missing, wrong, expired, or not allowed to make this call."""

    kind = "denied"
