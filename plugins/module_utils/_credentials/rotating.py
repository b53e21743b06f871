# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""New passwords: pending in Secrets Manager, set in the database, tried, promoted.

Whatever moment this dies at, the next run finds out where it was by trying the pending version: if it lets everybody
in, it has been set, and only the promotion is missing; if not, it is set (again). Setting needs none of the users'
passwords: the master sets theirs, and RDS sets the master's. So nobody can be locked out for good.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials import logins, versions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.keeping import Keeper, Wanted, shown
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.logins import LoginRefused, Server
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.versions import Move, Secret
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    BadInput,
    Refused,
    RestoreError,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Clock, Look, SystemClock, done
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import pending as not_yet
from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.roles import require_names
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import modifying
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import (
    APP_KEYS,
    CURRENT,
    MASTER_KEYS,
    PENDING,
    parse_object,
    parse_secret,
    read_secret,
    read_text,
)

# Keys of user names, and those of their passwords
APP_USERS = {"app_username": "app_password", "readonly_username": "readonly_password"}
MASTER_USER = {"username": "password"}
LOGIN_SECONDS = 120.0  # how long RDS's "available" may be ahead of the new master password
STEPS = ("pending", "set", "verify", "promote")
PLANNED = "planned"


class NotRotated(RestoreError):
    """The new passwords did not do; whether the old ones are in force again is said."""

    kind = "not_rotated"


@dataclass(frozen=True)
class Rotation:
    """What a run did, or in check mode would do.

    :param steps: those of STEPS that it took.
    :param gap: seconds from the new passwords' being set to their version's being current; None: nothing was set.
    """

    secret: str
    users: Sequence[str]
    steps: Sequence[str] = ()
    version: str | None = None
    previous: str | None = None
    resumed: bool = False
    gap: float | None = None
    before: Secret | None = None
    after: Secret | None = None


def steps_of(secret: Secret, works: bool) -> list[str]:
    """What is to be done; ``works``: whether everybody can log in with the pending version."""
    if secret.pending is None:
        return list(STEPS)
    return ["promote"] if works else ["set", "verify", "promote"]


def users_of(content: Mapping[str, str], keys: Mapping[str, str]) -> dict[str, str]:
    """Passwords by user name."""
    return {content[name]: content[password] for name, password in keys.items()}


def require_same_users(secret: Secret, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """:raises Refused: the pending version is for other users."""
    if set(old) != set(new):
        raise Refused(
            f"The pending version of the secret {secret.name} is for {', '.join(sorted(new))}, the current one for"
            f" {', '.join(sorted(old))}",
            resource=secret.arn,
            hint="Abandon the pending version (module secret, state abandoned), then run the same command again.",
        )


@dataclass(frozen=True)
class Rotator:
    """The rotation of one secret.

    :param keys: see APP_USERS.
    :param put: sets passwords by user name, and returns once they are in force.
    :param verify: tries them; raises a RestoreError.
    """

    keeper: Keeper
    wanted: Wanted
    server: Server
    keys: Mapping[str, str]
    put: Callable[[Mapping[str, str]], None]
    verify: Callable[[Mapping[str, str]], None]
    clock: Clock = field(default_factory=SystemClock)

    def users(self, secret: Secret, text: str | None) -> dict[str, str]:
        """Passwords by user name, kept out of whatever is printed."""
        users = users_of(parse_secret(secret.name, text, [*self.keys, *self.keys.values()]), self.keys)
        for password in users.values():
            self.keeper.hide(password)
        return users

    def waiting(self, secret: Secret) -> dict[str, str]:
        """Those of the pending version."""
        return self.users(secret, read_text(self.keeper.client, secret.arn, PENDING))

    def run(self, secret: Secret, text: str | None) -> Rotation:
        """:param secret: as it is, with the text of its current version; what could be in the way was looked at."""
        old = self.users(secret, text)
        new = self.waiting(secret) if secret.pending else {}
        if new:
            require_same_users(secret, old, new)
        steps = steps_of(secret, bool(new) and self.server.works(new))
        rotation = Rotation(secret.name, sorted(old), steps, secret.pending, secret.current, bool(new), before=secret)
        if self.keeper.check:
            return replace(rotation, after=_promoted(secret, secret.pending or PLANNED))
        version = secret.pending
        if version is None:
            content = {**parse_object(secret.name, text), **self.keeper.passwords(self.wanted)}
            version = self.keeper.put_pending(secret, content)
            secret = versions.moved(secret, [Move(PENDING, None, version)])
            # Read and not kept: somebody else's may have been adopted.
            new = self.waiting(secret)
        gap = None
        if "set" in steps:
            gap = self._set_and_promote(secret, version, old, new)
            secret = versions.moved(secret, [Move(CURRENT, secret.current, version)])
        after = self.keeper.move(secret, versions.promoting(secret, version))
        return replace(rotation, version=version, gap=gap, after=after)

    def _set_and_promote(self, secret: Secret, version: str, old: Mapping[str, str], new: Mapping[str, str]) -> float:
        """From setting to promoting nobody is waited for, nor does it matter whether the runner still lives.

        :return: the seconds that it took.
        """
        self.keeper.journal.intent("SetPasswords", secret.name)
        began = self.clock.monotonic()
        self.put(new)
        try:
            self.verify(new)
            self.keeper.move_one(secret, Move(CURRENT, secret.current, version))
        except RestoreError as error:
            self._unless_promoted(secret, version, old, error)
        return self.clock.monotonic() - began

    def _unless_promoted(self, secret: Secret, version: str, old: Mapping[str, str], error: RestoreError) -> None:
        """:raises NotRotated: the new version is not current, although its passwords are set."""
        try:
            # An answer may have been lost.
            promoted = self.keeper.existing(secret.arn).current == version
            if not promoted:
                self.put(old)
                self.keeper.move(secret, versions.abandoning(secret, version))
        except RestoreError as second:
            self._fail(
                error,
                f"putting the old passwords back did not come to its end: {second.message}",
                "Run the same command again at once: it takes the pending version up.",
            )
        if not promoted:
            self._fail(
                error,
                "the old passwords were put back, and the pending version was abandoned",
                "Nobody is locked out. Mend the cause, then run the same command again.",
            )

    def _fail(self, error: RestoreError, rest: str, hint: str) -> NoReturn:
        raise NotRotated(
            f"{error.message.rstrip('.')}; {rest.rstrip('.')}",
            resource=error.resource,
            code=error.code,
            action=error.action,
            hint=hint,
        ) from error


def _promoted(secret: Secret, version: str) -> Secret:
    """The secret once the version is current and nothing is pending."""
    return versions.moved(secret, [Move(CURRENT, secret.current, version), Move(PENDING, version, None)])


# ---- application and read-only user, whose passwords the master sets


def rotate_users(keeper: Keeper, wanted: Wanted, server: Server, master_secret_id: str) -> Rotation:
    """One version has the passwords of both, which are set in one transaction."""
    secret = ready_secret(keeper, wanted)
    text = read_text(keeper.client, secret.arn)
    content = parse_secret(secret.name, text, APP_KEYS)
    names = [content[key] for key in APP_USERS]
    master = MasterLogin(keeper, server, master_secret_id)
    try:
        try:
            require_names(master.name(), *names)
        except ValueError as error:
            raise BadInput(str(error), resource=secret.name) from None
        logins.require_roles(master.connection(), names)
        return Rotator(keeper, wanted, server, APP_USERS, master.put, server.check).run(secret, text)
    finally:
        master.close()


def ready_secret(keeper: Keeper, wanted: Wanted) -> Secret:
    """The secret; :raises Refused: it is not for us to rotate."""
    logins.require_driver()
    secret = keeper.existing(wanted.secret_id, wanted.only_tagged)
    versions.require_own(secret)
    return secret


@dataclass
class MasterLogin:
    """The master's connection, made when it is needed, and again when it is lost."""

    keeper: Keeper
    server: Server
    secret_id: str
    _connection: Any = None

    def name(self) -> str:
        return str(self.connection().info.user)

    def connection(self) -> Any:
        """A rotation of the master's own may have died: both of its versions are tried.

        :raises LoginRefused: none of them works.
        """
        if self._connection is not None and not self._connection.closed:
            return self._connection
        secret = self.keeper.existing(self.secret_id)
        for stage in (CURRENT, *([PENDING] if secret.pending else [])):
            content = read_secret(self.keeper.client, secret.arn, MASTER_KEYS, stage)
            self.keeper.hide(content["password"])
            with contextlib.suppress(LoginRefused):
                self._connection = self.server.connect(content["username"], content["password"])
                return self._connection
        raise LoginRefused(
            f"The master user can't log in with the password of the secret {secret.name}",
            resource=secret.name,
            hint="Rotate the master's first (aurora_restore_rotate_master=true): RDS sets it without the old one.",
        )

    def put(self, passwords: Mapping[str, str]) -> None:
        logins.run(self.connection(), logins.password_statements(passwords))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


# ---- the master, whose password RDS sets


def rotate_master(
    keeper: Keeper, wanted: Wanted, server: Server, session: Session, cluster_id: str, only_unfinished: bool = False
) -> Rotation | None:
    """
    :param only_unfinished: take up a pending version, begin nothing.
    :return: None: there was nothing unfinished.
    """
    secret = ready_secret(keeper, wanted)
    if only_unfinished and not secret.pending:
        return None
    cluster = modifying.existing_cluster(session, cluster_id)
    require_own_master(cluster)
    for stage in (CURRENT, *([PENDING] if secret.pending else [])):
        modifying.read_master_password(keeper.client, secret.arn, cluster.engine, cluster.master_username, stage)
    text = read_text(keeper.client, secret.arn)
    # RDS would set it all the same, but whether it works could not be seen.
    server.works(users_of(parse_secret(secret.name, text, MASTER_KEYS), MASTER_USER))

    def put(passwords: Mapping[str, str]) -> None:
        (password,) = passwords.values()
        modifying.modify(session, cluster, {}, password)

    def verify(passwords: Mapping[str, str]) -> None:
        replace(session.poller, timeout=LOGIN_SECONDS).from_now().until(
            "the new password to be taken", cluster.id, lambda: _login(server, passwords)
        )

    return Rotator(keeper, wanted, server, MASTER_USER, put, verify, session.poller.clock).run(secret, text)


def _login(server: Server, passwords: Mapping[str, str]) -> Look[bool]:
    return done(True) if server.works(passwords) else not_yet("the login is refused")


def require_own_master(cluster: Cluster) -> None:
    """:raises Refused: RDS manages the master password."""
    if cluster.boto.get("MasterUserSecret"):
        raise Refused(
            f"RDS itself manages the master password of cluster {cluster.id}",
            resource=cluster.id,
            hint="Leave aurora_restore_rotate_master out: RDS rotates it.",
        )


def to_result(wanted: Wanted, rotation: Rotation | None) -> dict[str, Any]:
    """What the module returns; no value."""
    if rotation is None:
        return {"changed": False, "rotation": {"secret": wanted.secret_id, "users": [], "steps": []}}
    return {
        "changed": True,
        "rotation": {
            "secret": rotation.secret,
            "users": list(rotation.users),
            "steps": list(rotation.steps),
            "version_id": rotation.version,
            "previous_version_id": rotation.previous,
            "resumed": rotation.resumed,
            "gap_seconds": None if rotation.gap is None else round(rotation.gap, 3),
        },
        "diff": {"before": shown(rotation.before), "after": shown(rotation.after)},
    }
