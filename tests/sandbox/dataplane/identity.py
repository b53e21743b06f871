# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""As whom PostgreSQL runs: it refuses uid 0, and an ordinary user needs nothing special."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import launch
from .binaries import Binaries
from .errors import DataPlaneError

#: Every user can reach this folder's parent, so it works for whoever PostgreSQL has to run as.
WORKING_FOLDER = "/var/tmp/aurora-restore-sandbox"

#: The id of a process in whose network namespace servers run, so that nothing else can reach them; see launch.py.
NETWORK_OF = "AURORA_RESTORE_SANDBOX_NETWORK_OF"

_SAFE_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


def environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs: none of the operator's PG* variables, English messages."""
    kept = {name: os.environ[name] for name in _SAFE_ENVIRONMENT if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Identity:
    """As whom PostgreSQL's programs run. owner: (uid, gid) that its files must have when that is another user's."""

    spec: str
    owner: tuple[int, int] | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command that runs a program under this identity, as a child of this process."""
        return [sys.executable, "-I", "-S", launch.__file__, self.spec, str(os.getpid()), program, *arguments]

    def own(self, path: Path) -> None:
        """Give a file or folder to PostgreSQL's user where that is another one than ours."""
        if self.owner is not None:
            os.chown(path, *self.owner, follow_symlinks=False)


def _ordinary_user() -> pwd.struct_passwd | None:
    users = {user.pw_name: user for user in pwd.getpwall() if user.pw_uid != 0}
    return users.get("nobody") or next(iter(users.values()), None)


def _candidates() -> Iterator[Identity]:
    uid = os.geteuid()
    known = any(user.pw_uid == uid for user in pwd.getpwall())
    beside = os.environ.get(NETWORK_OF)
    if beside:
        inside = _ordinary_user() if uid == 0 or not known else pwd.getpwuid(uid)
        if inside is not None:
            yield Identity(f"beside:{beside}:{inside.pw_uid}")
        return
    if uid != 0 and known:
        yield Identity("direct")
        return
    # initdb needs a user whose name can be looked up.
    user = _ordinary_user()
    if user is None:
        return
    yield Identity(f"namespace:{user.pw_uid}")
    if uid == 0:
        yield Identity(f"setuid:{user.pw_uid}:{user.pw_gid}", (user.pw_uid, user.pw_gid))


@contextlib.contextmanager
def _probe_folder(directory: Path, identity: Identity) -> Iterator[Path]:
    """A folder as the data plane would make it, to try the identity on."""
    with tempfile.TemporaryDirectory(prefix=".probe-", dir=directory) as name:
        identity.own(Path(name))
        yield Path(name)


def _explain(directory: Path, binaries: Binaries, results: list[int]) -> str:
    if os.geteuid() != 0:
        return f"PostgreSQL cannot use the folder {directory}: give one that you may write to."
    refused = "" if launch.IDENTITY_REFUSED not in results else ", and user namespaces are forbidden here"
    if launch.PROGRAM_REFUSED in results and launch.FOLDER_REFUSED not in results:
        return (
            f"PostgreSQL refuses to run as root{refused}, and without root's rights {binaries.folder} cannot be read: "
            "run the sandbox as an ordinary user, or from an environment in a folder that everybody may read."
        )
    return (
        f"PostgreSQL refuses to run as root{refused}, and without root's rights it cannot use {directory}: "
        f"run the sandbox as that folder's owner, or with --dir {WORKING_FOLDER}."
    )


def choose_identity(directory: Path, binaries: Binaries) -> Identity:
    """The first way to run PostgreSQL that works with the folder, which must exist; DataPlaneError when none does."""
    results: list[int] = []
    for identity in _candidates():
        if identity.owner is not None:
            # Another user has to pass through; what is secret in there has its own mode.
            directory.chmod(directory.stat().st_mode & 0o7777 | 0o011)
        with _probe_folder(directory, identity) as folder:
            command = identity.command(binaries.path("postgres"), "--probe", str(folder))
            code = subprocess.run(command, capture_output=True, check=False, env=environment()).returncode
        if code == 0:
            return identity
        results.append(code)
    raise DataPlaneError(_explain(directory, binaries, results))
