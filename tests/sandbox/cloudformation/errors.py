# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFormation's refusals. The HTTP status of a code comes from botocore's model."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class CloudFormationError(ServiceException):
    """An error answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def invalid(message: str) -> CloudFormationError:
    return CloudFormationError("ValidationError", message)


def no_stack(name: str) -> CloudFormationError:
    return invalid(f"Stack with id {name} does not exist")


class ResourceError(Exception):
    """A resource can't be made, changed or deleted; its text is the reason that the stack's event gives.

    :param code: a HandlerErrorCode of the CloudFormation CLI's user guide, such as AlreadyExists.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
