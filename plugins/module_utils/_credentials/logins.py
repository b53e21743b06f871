# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logging in to the database over verified TLS, and setting passwords there as SCRAM-SHA-256 verifiers."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, NotFound, RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.database import reach
from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.quoting import identifier, literal
from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.scram import verifier

try:
    import psycopg2
except ImportError:
    psycopg2 = None  # type: ignore[assignment]

ROLES = "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY(%s)"
REFUSED = "FATAL:"  # what the server itself says, unlike what the way to it says


class LoginRefused(RestoreError):
    """The database answered, and did not let somebody in."""

    kind = "login"
    todo = "See that the secret has the user's current password, then run the same command again."


class DatabaseError(RestoreError):
    """The database did not do what it was told to."""

    kind = "database"
    todo = "Mend what the database says, then run the same command again."


@dataclass(frozen=True)
class Server:
    """Where to log in.

    :param timeout: seconds to wait for a connection.
    :param statement_timeout: seconds that one statement may take, also when it waits for a lock.
    """

    host: str
    port: int
    database: str
    ca_file: str
    timeout: int = 15
    statement_timeout: int = 60

    def connect(self, user: str, password: str) -> Any:
        """
        :raises LoginRefused: the server did not let the user in.
        :raises Unreached: there is no connection.
        :raises DatabaseError: there is one, but no verified TLS.
        """
        require_driver()
        try:
            return psycopg2.connect(
                host=self.host,
                port=self.port,
                user=user,
                password=password,
                dbname=self.database,
                sslmode="verify-full",
                sslrootcert=self.ca_file,
                connect_timeout=self.timeout,
                application_name="aurora-restore rotation",
                options=f"-c statement_timeout={self.statement_timeout * 1000}",
            )
        except (psycopg2.Error, UnicodeError) as error:
            text = " ".join(str(error).split()).replace(password, "********")
        # Not within the except clause: nothing of libpq's is to be printed as the cause.
        message = f"{user} could not log in to {self.host}:{self.port}: {text}"
        if REFUSED in text:
            raise LoginRefused(message, resource=self.host)
        reach(self.host, self.port)
        raise DatabaseError(message, resource=self.host, hint="Check the file of the CA certificates.")

    def check(self, users: Mapping[str, str]) -> None:
        """Each user (names and passwords) can log in; :raises LoginRefused: one can't."""
        for user, password in users.items():
            self.connect(user, password).close()

    def works(self, users: Mapping[str, str]) -> bool:
        """Whether each user can log in.

        :raises Unreached: there is no connection.
        :raises DatabaseError: there is one, but no verified TLS.
        """
        try:
            self.check(users)
        except LoginRefused:
            return False
        return True


def require_driver() -> None:
    """:raises BadInput: psycopg2 is not there."""
    if psycopg2 is None:
        raise BadInput(
            "psycopg2 is not installed where this module runs",
            hint="Install psycopg2 for the Python interpreter that runs it (ansible_python_interpreter).",
        )


def require_roles(connection: Any, users: Sequence[str]) -> None:
    """
    :raises NotFound: the cluster does not have all those users.
    :raises DatabaseError: that could not be read.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(ROLES, (list(users),))
            missing = sorted(set(users) - {row[0] for row in cursor.fetchall()})
        connection.rollback()
    except psycopg2.Error as error:
        raise _failed("The users of the database could not be read", error) from None
    if missing:
        raise NotFound(
            f"The cluster has no user {', '.join(missing)}",
            resource=missing[0],
            hint="A restore, or the role db_users, sets the users up.",
        )


def password_statements(users: Mapping[str, str]) -> list[str]:
    """Sets the passwords; what is in the statements, and so perhaps in the server's log, is no password."""
    return [f"ALTER ROLE {identifier(user)} PASSWORD {literal(verifier(password))}" for user, password in users.items()]


def run(connection: Any, statements: Sequence[str]) -> None:
    """All or none of them.

    :raises DatabaseError: one failed, and none is in force; or it is not known whether they are.
    """
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.commit()
    except psycopg2.Error as error:
        with contextlib.suppress(psycopg2.Error):
            connection.rollback()
        raise _failed("The passwords could not be set", error) from None


def _failed(what: str, error: Any) -> DatabaseError:
    """Without the statement that the server quotes, nor as the cause."""
    said = getattr(getattr(error, "diag", None), "message_primary", None) or "the connection was lost"
    return DatabaseError(f"{what}: {said}", code=getattr(error, "pgcode", None))
