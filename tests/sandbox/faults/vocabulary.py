# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services, actions and error codes that AWS has, by botocore's models; near names for those that it has not."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from botocore.session import Session, get_session

from sandbox.error_codes import COMMON, modelled

# What a fault without a service is checked against: what restores have to do with.
USUAL = (
    "rds", "dynamodb", "secretsmanager", "kms", "sns", "sqs", "logs", "cloudwatch", "sts", "iam", "ec2", "events",
)  # fmt: skip
PATTERN = "*?["


@functools.cache
def services() -> tuple[str, ...]:
    return tuple(_session().get_available_services())


@functools.cache
def is_rest(service: str) -> bool:
    """Whether a request does not say which action it is."""
    return str(_session().get_service_model(service).metadata["protocol"]).startswith("rest")


@functools.cache
def actions(service: str) -> tuple[str, ...]:
    return tuple(_session().get_service_model(service).operation_names)


@functools.cache
def _session() -> Session:
    """One for all, since it keeps the models that it has read."""
    return get_session()


def services_of(patterns: Sequence[str]) -> list[str]:
    """The services that match; without a pattern, the usual ones."""
    if not patterns:
        return list(USUAL)
    known = services() if any(not _is_pattern(item) for item in patterns) else USUAL
    return [name for name in known if any(fnmatchcase(name, pattern) for pattern in patterns)]


def actions_of(names: Iterable[str], patterns: Sequence[str]) -> list[tuple[str, str]]:
    """(service, action) of all those services' actions that match."""
    return [
        (service, action)
        for service in names
        for action in actions(service)
        if not patterns or any(fnmatchcase(action, pattern) for pattern in patterns)
    ]


def codes_of(names: Iterable[str]) -> dict[str, int]:
    """The error codes of those services and their HTTP statuses."""
    codes = dict(COMMON)
    for service in names:
        codes.update(modelled(service))
    return codes


def near(name: str, known: Iterable[str]) -> str:
    """`` (did you mean ...?)`` or nothing."""
    plain = {item.lower(): item for item in known}
    begun = [item for item in plain if item.startswith(name.lower())]
    close = difflib.get_close_matches(name.lower(), plain, n=3, cutoff=0.6)
    found = [plain[item] for item in dict.fromkeys([*begun[:2], *close])][:3]
    return f" (did you mean {' or '.join(found)}?)" if found else ""


def _is_pattern(text: str) -> bool:
    return any(character in text for character in PATTERN)
