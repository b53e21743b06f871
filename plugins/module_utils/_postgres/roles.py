# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What to do about the roles of a restored cluster. Pure: facts of roles/db_users/files/roles.sql in, SQL out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.quoting import identifier, literal

INHERITS_APART = 160000  # since PostgreSQL 16 membership, inheriting and SET ROLE are granted apart
RDS_LOGINS = frozenset(
    ("rdsadmin", "rdsrepladmin", "rdstopmgr", "rdswriteforwarduser", "rdsproxyadmin", "rdsbackup", "rdsvfs")
)
OTHER_LOGINS = ("disable", "report", "keep")

# pg_roles attribute: how to take it away
EXTRA_ATTRIBUTES = {
    "createdb": "NOCREATEDB",
    "createrole": "NOCREATEROLE",
    "replication": "NOREPLICATION",
    "bypassrls": "NOBYPASSRLS",
}


def name_problem(name: str) -> str | None:
    """Why a secret's user name can't be a login of its own, or None."""
    try:
        identifier(name)
    except ValueError as error:
        return str(error)
    lowered = name.lower()
    if lowered.startswith(("pg_", "rds_")) or lowered in RDS_LOGINS | {"public", "none", "postgres"}:
        return f"The user name {name!r} is reserved by PostgreSQL or RDS"
    return None


def require_names(master: str, app: str, readonly: str) -> None:
    """The three users of the secrets can be set up.

    :raises ValueError: one of the names is reserved or impossible, or two are the same.
    """
    for name in (app, readonly):
        problem = name_problem(name)
        if problem:
            raise ValueError(f"{problem}: change the secret of aurora_restore_app_credentials_secret_id")
    if len({master, app, readonly}) < 3:
        raise ValueError(
            "Master, application and read-only user must be three different users: change the secret of"
            " aurora_restore_app_credentials_secret_id"
        )


def is_system(role: Mapping[str, Any]) -> bool:
    """Whether the role belongs to PostgreSQL or RDS, not to whoever wrote the data."""
    name = str(role["name"])
    if role["superuser"] or name.startswith(("pg_", "rds_")) or name in RDS_LOGINS:
        return True
    # RDS adds roles of its own over the years; those of a customer the master may alter.
    return name.startswith("rds") and not role["manageable"]


def membership(role: str, master: str, version: int) -> str:
    """Lets the master act for a role: alter what it owns, grant on it, set its default privileges."""
    options = " WITH INHERIT TRUE, SET TRUE" if version >= INHERITS_APART else ""
    return f"GRANT {identifier(role)} TO {identifier(master)}{options}"


def plan_roles(
    facts: Mapping[str, Any],
    app: str,
    readonly: str,
    verifiers: Mapping[str, str],
    other_logins: str = "disable",
) -> dict[str, Any]:
    """What to run on any one database of the cluster, as its master.

    :param verifiers: by user name, the SCRAM verifier of the users whose wanted password does not work yet.
    :returns: ``statements``, none when all is well; ``session_ends``, to run once those are committed, since before
        that a client could connect again, and never in check mode, since no rollback undoes them; ``others``
        (logins that came with the data), ``disabled`` (those that the statements shut out), ``open`` (those that stay
        able to log in), ``refused`` (those that should be shut out but the master may not).
    """
    if other_logins not in OTHER_LOGINS:
        raise ValueError(f"other_logins must be one of {', '.join(OTHER_LOGINS)}, not {other_logins!r}")
    master, version = str(facts["master"]), int(facts["server_version"])
    require_names(master, app, readonly)
    roles = {str(role["name"]): role for role in facts["roles"]}
    statements: list[str] = []
    for name in (app, readonly):
        statements += _login(name, roles.get(name), verifiers.get(name))
    if app not in roles or not roles[app]["acts"]:
        statements.append(membership(app, master, version))
    statements += _strip(readonly, roles.get(readonly), facts["memberships"], version)
    # A member of rds_iam can't log in with a password.
    statements += _leave(app, (m for m in facts["memberships"] if m["role"] == "rds_iam"), version)
    others = [role for name, role in roles.items() if name not in (master, app, readonly) and not is_system(role)]
    result = _others(others, other_logins, master, version)
    statements += result.pop("statements")
    return {"statements": statements, **result}


def _login(name: str, role: Mapping[str, Any] | None, password: str | None) -> list[str]:
    """Creates a login, or makes an existing one work again."""
    if role is None:
        if password is None:
            raise ValueError(f"The user {name!r} does not exist and has no password to be created with")
        return [f"CREATE ROLE {identifier(name)} LOGIN PASSWORD {literal(password)}"]
    options = []
    if not role["login"]:
        options.append("LOGIN")
    if role["expired"]:
        options.append("VALID UNTIL 'infinity'")
    if role["connection_limit"] == 0:
        options.append("CONNECTION LIMIT -1")
    if password is not None:
        options.append(f"PASSWORD {literal(password)}")
    if options and (role["superuser"] or not role["manageable"]):
        raise ValueError(
            f"The master user may not alter the user {name!r}, which another one made: name another user in the secret"
            " of aurora_restore_app_credentials_secret_id"
        )
    return [f"ALTER ROLE {identifier(name)} WITH {' '.join(options)}"] if options else []


def _strip(
    name: str, role: Mapping[str, Any] | None, memberships: Iterable[Mapping[str, Any]], version: int
) -> list[str]:
    """Takes from the read-only user what it may have had in the source beyond reading."""
    if role is None:
        return []
    extra = [option for attribute, option in EXTRA_ATTRIBUTES.items() if role[attribute]]
    statements = [f"ALTER ROLE {identifier(name)} WITH {' '.join(extra)}"] if extra else []
    return statements + _leave(name, memberships, version)


def _leave(member: str, memberships: Iterable[Mapping[str, Any]], version: int) -> list[str]:
    """Ends memberships; those that the master may not end are found by the check of what the user can do."""
    statements = []
    for granted in memberships:
        if granted["member"] != member or not granted["revocable"]:
            continue
        by = f" GRANTED BY {identifier(granted['grantor'])}" if version >= INHERITS_APART else ""
        statements.append(f"REVOKE {identifier(granted['role'])} FROM {identifier(member)}{by}")
    return statements


def _others(others: list[Mapping[str, Any]], other_logins: str, master: str, version: int) -> dict[str, Any]:
    """Logins that came with the data and are none of ours."""
    logins = sorted(str(role["name"]) for role in others if role["login"])
    result: dict[str, Any] = {
        "statements": [], "session_ends": [], "others": logins, "disabled": [], "open": [], "refused": []
    }  # fmt: skip
    if other_logins != "disable":
        return {**result, "open": logins}
    for role in sorted(others, key=lambda role: str(role["name"])):
        name = str(role["name"])
        if role["login"] and not role["manageable"]:
            result["open"].append(name)
            result["refused"].append(name)
            continue
        if role["login"]:
            result["statements"].append(f"ALTER ROLE {identifier(name)} WITH NOLOGIN")
            result["disabled"].append(name)
        if role["sessions"]:
            result["session_ends"] += _end_sessions(role, master, version)
    return result


def _end_sessions(role: Mapping[str, Any], master: str, version: int) -> list[str]:
    """Ends the sessions of a role that may not log in any more."""
    name = str(role["name"])
    end = (
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"  # noqa: S608 (quoted)
        f" WHERE usename = {literal(name)} AND pid <> pg_catalog.pg_backend_pid()"
    )
    if role["signalable"]:
        return [end]
    if not role["manageable"]:
        return []
    return [membership(name, master, version), end, f"REVOKE {identifier(name)} FROM {identifier(master)}"]
