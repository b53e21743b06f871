# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one exception tree: what failed, on which resource, AWS's code, whether a re-run resumes, what to do next.

Raised anywhere in module_utils, caught once per module (``_module.run``).
"""

from __future__ import annotations

from typing import Any


class RestoreError(Exception):
    """An error an operator can act on; itself where none of the kinds fits.

    :param message: one clear sentence: what failed and why.
    :param resource: the AWS resource (id or ARN) it failed on.
    :param code: AWS's error code, where there is one.
    :param action: the AWS call, where there is one.
    :param hint: what to do next, one sentence.
    :param resumes: whether running the same command again goes on from here (once the hint is followed).

    Each kind says by its docstring what it means, and by ``todo`` what helps where an error has no hint of its own: the
    catalogue of errors in the docs is made of them.
    """

    kind = "error"
    todo = "Mend what the sentence names, then run the same command again."

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
    todo = "Correct the option or variable that the sentence names, then run the same command again."


class NotFound(RestoreError):
    """A resource that has to exist does not."""

    kind = "not_found"
    todo = "Look whether the name and the region are right; correct them, or create what is missing."


class Refused(RestoreError):
    """A guard refused: going on could destroy the wrong thing."""

    kind = "refused"
    todo = "Look at what the sentence names before another run: what it says was most likely not intended."


class Conflict(RestoreError):
    """A resource of foreign provenance has the name that is wanted."""

    kind = "conflict"
    todo = "Find out whose it is; delete it or choose another name. It is never overwritten."


class TerminalStatus(RestoreError):
    """A resource reached a status that it does not leave by itself."""

    kind = "terminal_status"
    todo = "Look at its events in the RDS console and mend the cause, then run the same command again."


class WaitTimeout(RestoreError):
    """wait_timeout passed; whatever was waited for goes on in AWS."""

    kind = "wait_timeout"
    todo = "Run the same command again to go on waiting; raise wait_timeout if it is always too short."


class LeaseLost(RestoreError):
    """Another operation holds the target now."""

    kind = "lease_lost"
    todo = "Look at the target's operations (playbook status.yml) before another run."


class RunnerGone(RestoreError):
    """The process that runs this module (ansible-playbook) is gone; no further AWS call is made."""

    kind = "runner_gone"
    todo = "Run the same command again: it goes on from what AWS has."


class StateError(RestoreError):
    """The state table can't be used or written."""

    kind = "state"
    todo = "See that the state table is there and can be written, then run the same command again."


class AwsError(RestoreError):
    """AWS refused or failed a call."""

    kind = "aws"
    todo = "AWS's code and words are in the sentence: mend what they name, then run the same command again."

    def __init__(self, message: str, *, aws_message: str = "", http_status: int | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.aws_message = aws_message
        self.http_status = http_status


class Throttled(AwsError):
    """AWS asked to slow down; a poller asks again later."""

    kind = "throttled"
    todo = "Run the same command again, a little later."


class Unreachable(AwsError):
    """No answer came from the endpoint; the call may or may not have taken effect."""

    kind = "unreachable"
    todo = "Check the network, then run the same command again: it finds out what has taken effect."


class Denied(AwsError):
    """Credentials are missing, wrong, expired, or not allowed to make this call."""

    kind = "denied"
    todo = "Check the credentials and what they may do, then run the same command again."
