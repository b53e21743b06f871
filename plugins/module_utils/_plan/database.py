# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the database of the live target can be reached from here, and who can log in to it. Only reads."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import RestoreError

try:
    import psycopg2
except ImportError:
    psycopg2 = None  # type: ignore[assignment]

SECONDS = 5
# Login roles other than those of RDS itself, and what they are members of
ROLES = """
SELECT r.rolname, array(SELECT g.rolname::text FROM pg_catalog.pg_auth_members m
                        JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)
FROM pg_catalog.pg_roles r WHERE r.rolcanlogin AND r.rolname NOT LIKE 'rds%' ORDER BY 1
"""
DATABASES = "SELECT datname FROM pg_catalog.pg_database WHERE NOT datistemplate AND datname <> 'rdsadmin' ORDER BY 1"
# What roles other than the owner may do with the tables of the database, by schema
GRANTS = """
SELECT g.rolname, n.nspname, string_agg(DISTINCT a.privilege_type, ', ' ORDER BY a.privilege_type)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND a.grantee <> c.relowner
GROUP BY 1, 2 ORDER BY 1, 2
"""


class Unreached(RestoreError):
    """Nothing answers at the database's endpoint."""

    kind = "unreachable"
    todo = "Let this machine reach the endpoint: security groups, routes, or another host to run from."


class NoLogin(RestoreError):
    """The database answers, but nobody could log in to look."""

    kind = "login"
    todo = "No run is refused for it: mend it to have the logins of the database in the plan."


@dataclass(frozen=True)
class LoginRole:
    """Who can log in.

    :param grants: what it may do with tables, as "database.schema: SELECT, INSERT".
    """

    name: str
    member_of: list[str] = field(default_factory=list)
    grants: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LiveDatabase:
    """What was seen of the database of the live target."""

    roles: Sequence[LoginRole]
    databases: Sequence[str]


def look(host: str, port: int, secret: Mapping[str, str] | None, database: str | None, ca_file: str | None) -> Any:
    """Connect, log in as the master of the secret, and read roles and databases.

    :raises Unreached: there is no connection.
    :raises NoLogin: there is one, but no login.
    """
    reach(host, port)
    if psycopg2 is None:
        raise NoLogin(f"{host}:{port} is reachable; psycopg2 is not installed here, so that nobody logged in")
    if not secret or not ca_file:
        raise NoLogin(f"{host}:{port} is reachable; nobody logged in, which needs the master's secret and a CA file")
    try:
        connection = psycopg2.connect(
            host=host,
            port=port,
            user=secret["username"],
            password=secret["password"],
            dbname=database or "postgres",
            sslmode="verify-full",
            sslrootcert=ca_file,
            connect_timeout=SECONDS,
            options=f"-c default_transaction_read_only=on -c statement_timeout={SECONDS * 1000}",
        )
    except (psycopg2.Error, UnicodeError) as error:
        raise NoLogin(f"{host}:{port} is reachable, but the login failed: {_why(error, secret)}") from error
    try:
        return read(connection, database or "postgres")
    except psycopg2.Error as error:
        raise NoLogin(f"{host}:{port} is reachable, but its roles can't be read: {_why(error, secret)}") from error
    finally:
        connection.close()


def reach(host: str, port: int) -> None:
    """:raises Unreached: no TCP connection within the time."""
    try:
        socket.create_connection((host, port), timeout=SECONDS).close()
    except (OSError, UnicodeError) as error:
        raise Unreached(
            f"{host}:{port} can't be reached from here: {error}",
            resource=host,
        ) from error


def read(connection: Any, database: str) -> LiveDatabase:
    with connection.cursor() as cursor:
        cursor.execute(GRANTS)
        grants = cursor.fetchall()
        cursor.execute(ROLES)
        roles = [
            LoginRole(
                name, list(member_of), [f"{database}.{schema}: {what}" for who, schema, what in grants if who == name]
            )
            for name, member_of in cursor.fetchall()
        ]
        cursor.execute(DATABASES)
        return LiveDatabase(roles, [row[0] for row in cursor.fetchall()])


def _why(error: Exception, secret: Mapping[str, str]) -> str:
    """Why a login failed; never with the password."""
    text = " ".join(str(error).split()).replace(secret["password"], "********")
    if "password authentication failed" in text:
        return "the secret's password is not that of the cluster now"
    return text
