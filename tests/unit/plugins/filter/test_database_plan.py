# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is decided about the privileges in one database."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.filter.pg_database_plan import pg_database_plan

MASTER, APP, READONLY = "dbadmin", "shop_app", 'read"only'


def entry(kind: str, name: str, **values: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {key: [] for key in ("excess_readonly", "excess_public", "missing_app", "missing_readonly")}
    return {"kind": kind, "object": name, "owner": APP, "managed": True, "readonly_writes": False, **empty, **values}


def facts(**values: Any) -> dict[str, Any]:
    """A database in which all is as it should be, but for the default privileges of the future."""
    given = {
        "S": {APP: ["USAGE", "SELECT", "UPDATE"], READONLY: ["SELECT"]},
        "f": {APP: ["EXECUTE"]},
        "n": {APP: ["USAGE"], READONLY: ["USAGE"]},
        "r": {APP: ["SELECT", "INSERT", "UPDATE", "DELETE"], READONLY: ["SELECT"]},
    }
    defaults = [
        {"owner": owner, "managed": True, "schema": None, "type": kind, "grantee": user, "privileges": privileges}
        for owner in (MASTER, APP)
        for kind, users in given.items()
        for user, privileges in users.items()
        if user != owner
    ]
    return {
        "objects": [], "owners": [{"name": APP, "manageable": True, "acts": True}], "defaults": defaults,
        "readonly_owns": False, "readonly_acts": False, "subscriptions": [], "cron": False, "probe_tables": [],
        **values,
    }  # fmt: skip


def statements(listed: bool = True, version: int = 170005, **values: Any) -> list[str]:
    return list(pg_database_plan(facts(**values), MASTER, version, APP, READONLY, listed)["statements"])


def test_nothing_to_do_is_no_statement() -> None:
    assert statements() == []


def test_grants_are_batched_by_kind_and_privileges_with_quoted_names() -> None:
    tables = [entry("table", f"shop.t{n}", missing_readonly=["SELECT"]) for n in range(150)]
    made = statements(objects=tables)
    assert len(made) == 2
    assert made[0].startswith("GRANT SELECT ON TABLE shop.t0, shop.t1, ") and made[0].endswith('TO "read""only"')


def test_writing_is_taken_back_before_anything_is_granted() -> None:
    orders = entry("table", "shop.orders", excess_readonly=["INSERT"], excess_public=["DELETE"], missing_app=["DELETE"])
    assert statements(objects=[orders]) == [
        'REVOKE INSERT ON TABLE shop.orders FROM "read""only" CASCADE',
        "REVOKE DELETE ON TABLE shop.orders FROM PUBLIC CASCADE",
        'GRANT DELETE ON TABLE shop.orders TO "shop_app"',
    ]


def test_in_other_databases_only_the_readonly_user_loses_something() -> None:
    orders = entry("table", "x.orders", excess_readonly=["INSERT"], excess_public=["DELETE"], missing_app=["SELECT"])
    assert statements(False, objects=[orders], defaults=[]) == [
        'REVOKE INSERT ON TABLE x.orders FROM "read""only" CASCADE'
    ]


@pytest.mark.parametrize(("version", "options"), [(150010, ""), (160004, " WITH INHERIT TRUE, SET TRUE")])
def test_the_master_joins_owners_it_does_not_act_for(version: int, options: str) -> None:
    made = statements(version=version, owners=[{"name": "jane.doe", "manageable": True, "acts": False}])
    assert made[0] == f'GRANT "jane.doe" TO "dbadmin"{options}'
    assert 'ALTER DEFAULT PRIVILEGES FOR ROLE "jane.doe" GRANT SELECT ON TABLES TO "read""only"' in made


def test_objects_of_owners_out_of_reach_are_reported() -> None:
    plan = pg_database_plan(
        facts(objects=[entry("table", "public.theirs", managed=False, missing_app=["SELECT"])]),
        MASTER, 170005, APP, READONLY,
    )  # fmt: skip
    assert plan["statements"] == [] and plan["unmanaged"] == ["public.theirs"]


def test_default_privileges_that_let_the_readonly_user_write_are_taken_back() -> None:
    base = facts()["defaults"]
    bad = {"owner": APP, "managed": True, "schema": "shop", "type": "r", "grantee": READONLY}
    made = statements(defaults=[*base, {**bad, "privileges": ["SELECT", "UPDATE"]}])
    assert made == [
        'ALTER DEFAULT PRIVILEGES FOR ROLE "shop_app" IN SCHEMA "shop" REVOKE UPDATE ON TABLES FROM "read""only"'
    ]


def test_what_the_readonly_user_owns_becomes_the_applications() -> None:
    made = statements(readonly_owns=True)
    assert made == [
        'GRANT "read""only" TO "dbadmin" WITH INHERIT TRUE, SET TRUE',
        'REASSIGN OWNED BY "read""only" TO "shop_app"',
        'REVOKE "read""only" FROM "dbadmin"',
    ]


def test_only_subscriptions_that_are_enabled_and_in_reach_are_disabled() -> None:
    subscriptions = [
        {"name": "from erp", "enabled": True, "acts": True},
        {"name": "theirs", "enabled": True, "acts": False},
        {"name": "off", "enabled": False, "acts": True},
    ]
    (made,) = statements(subscriptions=subscriptions)
    assert 'ALTER SUBSCRIPTION "from erp" DISABLE' in made and made.startswith("DO ")


def test_violations_and_probes() -> None:
    plan = pg_database_plan(
        facts(
            objects=[
                entry("table", "shop.orders", readonly_writes=True),
                entry("schema", "public", readonly_writes=True, managed=False),
            ],
            probe_tables=['shop."$probe$"'],
        ),
        MASTER, 170005, APP, READONLY,
    )  # fmt: skip
    assert plan["writes"] == ["shop.orders"] and plan["creates"] == ["public"]
    assert 'DELETE FROM shop."$probe$" WHERE false' in plan["probes"]["app"]
    assert plan["probes"]["readonly"][1].startswith("DO $probex$")
