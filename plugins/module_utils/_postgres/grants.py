# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What to do about the privileges in one database. Pure: facts of roles/db_users/files/database.sql in, SQL out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.quoting import do_block, identifier
from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.roles import membership

BATCH = 100  # objects per statement
PUBLIC = "PUBLIC"

# kind of object: what each user is to have on it
APP = {
    "database": ["CONNECT"],
    "schema": ["USAGE"],
    "table": ["SELECT", "INSERT", "UPDATE", "DELETE"],
    "sequence": ["USAGE", "SELECT", "UPDATE"],
    "routine": ["EXECUTE"],
}
READONLY = {"database": ["CONNECT"], "schema": ["USAGE"], "table": ["SELECT"], "sequence": ["SELECT"]}
# The same for what will be made later: ALTER DEFAULT PRIVILEGES ... ON <these>
DEFAULTS = {"S": "SEQUENCES", "f": "FUNCTIONS", "n": "SCHEMAS", "r": "TABLES"}
DEFAULT_KIND = {"S": "sequence", "f": "routine", "n": "schema", "r": "table"}
# What no object that is made later may give to the read-only user, be it through PUBLIC.
HARMLESS = {
    "S": {"SELECT"},
    "f": {"EXECUTE"},
    "n": {"USAGE"},
    "r": {"SELECT"},
}


def plan_database(
    facts: Mapping[str, Any], master: str, version: int, app: str, readonly: str, listed: bool
) -> dict[str, Any]:
    """What to run in this database, as the master.

    :param listed: whether this is one of the databases that the users are to work in. In any other one only what the
        read-only user may do beyond reading is taken away.
    :returns: ``statements``, none when all is well; ``unmanaged``: objects whose owner the master can't act for.
    """
    statements = [membership(owner["name"], master, version) for owner in facts["owners"] if _to_join(owner)]
    if facts["readonly_owns"]:
        if not facts["readonly_acts"]:
            statements.append(membership(readonly, master, version))
        statements.append(f"REASSIGN OWNED BY {identifier(readonly)} TO {identifier(app)}")
        if not facts["readonly_acts"]:
            statements.append(f"REVOKE {identifier(readonly)} FROM {identifier(master)}")
    managed = [entry for entry in facts["objects"] if entry["managed"]]
    statements += _revokes(managed, "excess_readonly", identifier(readonly))
    if listed:
        statements += _revokes(managed, "excess_public", PUBLIC)
        statements += _grants(managed, "missing_app", identifier(app))
        statements += _grants(managed, "missing_readonly", identifier(readonly))
    statements += _default_revokes(facts["defaults"], readonly, listed)
    if listed:
        statements += _default_grants(facts, master, app, readonly)
    statements += [
        do_block(f"ALTER SUBSCRIPTION {identifier(subscription['name'])} DISABLE")
        for subscription in facts["subscriptions"]
        if subscription["enabled"] and subscription["acts"]
    ]
    return {
        "statements": statements,
        "unmanaged": sorted(entry["object"] for entry in facts["objects"] if not entry["managed"]),
    }


def violations(facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the read-only user can still do beyond reading, from facts read after the statements ran.

    ``writes`` must be empty. ``creates`` are schemas of owners that the master can't act for, in which everybody may
    create objects: nobody but RDS can change that.
    """
    writable = [entry for entry in facts["objects"] if entry["readonly_writes"]]
    return {
        "writes": sorted(entry["object"] for entry in writable if entry["kind"] != "schema" or entry["managed"]),
        "creates": sorted(entry["object"] for entry in writable if entry["kind"] == "schema" and not entry["managed"]),
    }


def probes(facts: Mapping[str, Any], limit: int = 20) -> dict[str, list[str]]:
    """Statements that prove what the two users can do; they change no row and are to be rolled back.

    ``app`` must succeed. ``readonly`` must succeed too: it reads, and tries to write inside a block that fails when the
    server lets it.
    """
    tables = [str(table) for table in facts["probe_tables"]][:limit]
    readonly = [f"SELECT 1 FROM {table} LIMIT 1" for table in tables]  # noqa: S608 (quoted)
    for table in tables:
        body = (
            f"BEGIN DELETE FROM {table} WHERE false;"  # noqa: S608 (quoted)
            " RAISE EXCEPTION 'the read-only user can write'; EXCEPTION WHEN insufficient_privilege THEN NULL; END"
        )
        readonly.append(f"DO {_dollar(body)}")
    app = [f"SELECT 1 FROM {table} LIMIT 1" for table in tables]  # noqa: S608 (quoted)
    app += [f"DELETE FROM {table} WHERE false" for table in tables]  # noqa: S608 (quoted)
    return {"app": [*app, "SELECT 1"], "readonly": [*readonly, "SELECT 1"]}


def _dollar(body: str) -> str:
    tag = "$probe$"
    while tag in body:
        tag = f"{tag[:-1]}x$"
    return f"{tag}{body}{tag}"


def _to_join(owner: Mapping[str, Any]) -> bool:
    return bool(owner["manageable"] and not owner["acts"])


def _batches(entries: Iterable[Mapping[str, Any]], key: str) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    """Objects of one kind that need the same privileges, so many at a time."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for entry in entries:
        if entry[key]:
            groups.setdefault((entry["kind"], tuple(entry[key])), []).append(str(entry["object"]))
    for (kind, privileges), objects in groups.items():
        for start in range(0, len(objects), BATCH):
            yield kind, privileges, objects[start : start + BATCH]


def _grants(entries: Iterable[Mapping[str, Any]], key: str, grantee: str) -> list[str]:
    return [
        f"GRANT {', '.join(privileges)} ON {kind.upper()} {', '.join(objects)} TO {grantee}"
        for kind, privileges, objects in _batches(entries, key)
    ]


def _revokes(entries: Iterable[Mapping[str, Any]], key: str, grantee: str) -> list[str]:
    return [
        f"REVOKE {', '.join(privileges)} ON {kind.upper()} {', '.join(objects)} FROM {grantee} CASCADE"
        for kind, privileges, objects in _batches(entries, key)
    ]


def _scope(owner: str, schema: str | None) -> str:
    inside = f" IN SCHEMA {identifier(schema)}" if schema else ""
    return f"ALTER DEFAULT PRIVILEGES FOR ROLE {identifier(owner)}{inside}"


def _default_revokes(defaults: Iterable[Mapping[str, Any]], readonly: str, listed: bool) -> list[str]:
    """Takes back what would let the read-only user write to objects that are made later."""
    statements = []
    for entry in defaults:
        if not entry["managed"] or entry["type"] not in DEFAULTS:
            continue
        if entry["grantee"] != readonly and not (listed and entry["grantee"] is None):
            continue
        excess = sorted(set(entry["privileges"]) - HARMLESS[entry["type"]])
        if excess:
            grantee = identifier(readonly) if entry["grantee"] == readonly else PUBLIC
            scope = _scope(entry["owner"], entry["schema"])
            statements.append(f"{scope} REVOKE {', '.join(excess)} ON {DEFAULTS[entry['type']]} FROM {grantee}")
    return statements


def _default_grants(facts: Mapping[str, Any], master: str, app: str, readonly: str) -> list[str]:
    """Default privileges bind to whoever creates the object: each owner, the application and the master."""
    given = {
        (entry["owner"], entry["type"], entry["grantee"]): set(entry["privileges"])
        for entry in facts["defaults"]
        if entry["schema"] is None
    }
    owners = {str(owner["name"]) for owner in facts["owners"] if owner["manageable"] or owner["acts"]}
    statements = []
    for owner in sorted((owners | {app, master}) - {readonly}):
        for letter, objects in DEFAULTS.items():
            for user, wanted in ((app, APP), (readonly, READONLY)):
                privileges = wanted.get(DEFAULT_KIND[letter], [])
                if user == owner or not set(privileges) - given.get((owner, letter, user), set()):
                    continue
                statements.append(
                    f"{_scope(owner, None)} GRANT {', '.join(privileges)} ON {objects} TO {identifier(user)}"
                )
    return statements
