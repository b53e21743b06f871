# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has been made: ids and ARNs by name, and passwords."""

from __future__ import annotations

import contextlib
import secrets
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from sandbox.dataplane import DataPlaneError
from sandbox.errors import SandboxError


@dataclass(frozen=True)
class Place:
    """A region of an account."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


@dataclass
class Made:
    """
    :param ids: by ``account/region/kind/name`` (without the region for users and roles).
    :param users: access key and secret key by ``account/name``.
    """

    ids: dict[str, str] = field(default_factory=dict)
    users: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    # By account/region/secret: what is in it.
    secrets: dict[str, Any] = field(default_factory=dict, repr=False)

    def add(self, place: Place | str, kind: str, name: str, identifier: str) -> None:
        self.ids[f"{place}/{kind}/{name}"] = identifier

    def get(self, place: Place | str, kind: str, name: str) -> str:
        """The id of what has that name; the name itself where nothing has: it may be an id."""
        return self.ids.get(f"{place}/{kind}/{name}", name)

    def password(self, place: Place, wanted: Any) -> str:
        """A literal one, a new one, or one out of a secret.

        :raises SandboxError: there is no such secret, or no such key in it.
        """
        if isinstance(wanted, str):
            return wanted
        if wanted is None or "secret" not in wanted:
            return make_password()
        content = self.secrets.get(f"{place}/{wanted['secret']}")
        value = content.get(wanted.get("key", "password")) if isinstance(content, Mapping) else content
        if not isinstance(value, str):
            raise SandboxError(f"there is no password {wanted.get('key', 'password')} in a secret {wanted['secret']}")
        return value

    def public(self, wanted: Any, account: str) -> Any:
        """With every ``{made: region/kind/name}`` replaced by the id.

        :raises SandboxError: nothing of that name was made.
        """
        if isinstance(wanted, Mapping):
            if set(wanted) == {"made"}:
                for key in (str(wanted["made"]), f"{account}/{wanted['made']}"):
                    if key in self.ids:
                        return self.ids[key]
                raise SandboxError(f"world.public: there is no {wanted['made']}.")
            return {key: self.public(value, account) for key, value in wanted.items()}
        if isinstance(wanted, list):
            return [self.public(value, account) for value in wanted]
        return wanted


def make_password() -> str:
    """34 characters that both of AWS's password rules allow, with what upsets shells, URLs and templates."""
    characters = [secrets.choice(string.ascii_letters + string.digits) for _place in range(20)] + list("!#$%&*+=?^_~;:")
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


@contextlib.contextmanager
def telling(where: str) -> Iterator[None]:
    """Errors of the block say which part of the world they are about."""
    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        message = f"{said.get('Code')}: {said.get('Message')}"
    except (ParamValidationError, DataPlaneError, SandboxError, OSError) as error:
        message = " ".join(str(error).split())
    else:
        return
    raise SandboxError(message if message.startswith("The world") else f"The world's {where} can't be made: {message}")
