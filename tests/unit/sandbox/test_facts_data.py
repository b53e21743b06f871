# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the databases, and where they answer: on a running sandbox with its PostgreSQL servers.

Sources: Aurora user guide, "Security with Amazon Aurora PostgreSQL" (AuroraPostgreSQL.Security.html, on the master
user), "Restoring from a DB cluster snapshot" (aurora-restore-snapshot.html), "Amazon Aurora endpoint connections"
(Aurora.Overview.Endpoints.html).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from live_sandbox import Live

COUNT = "SELECT count(*) FROM shop.customers"


@pytest.fixture(scope="module")
def copied(live: Live) -> str:
    """A copy of the newest snapshot in the target region."""
    live.copy("base-copy")
    live.until(lambda: live.snapshot("base-copy")["Status"] == "available")
    return "base-copy"


@pytest.fixture(scope="module")
def restored(live: Live, copied: str) -> dict[str, Any]:
    """As it is before it has an instance."""
    return live.restore("common", copied)


@pytest.fixture(scope="module")
def cluster(live: Live, restored: dict[str, Any]) -> Iterator[str]:
    """With a writer, for tests that leave it as it is."""
    with pytest.raises(psycopg2.OperationalError):
        query(live, restored, COUNT)  # the endpoint is dead until the writer is there
    live.add_instance("common", "common-1")
    yield "common"
    live.remove("common")


def query(live: Live, cluster: dict[str, Any], statement: str, **login: str) -> Any:
    """As the application's user, with production's password unless another one is given."""
    app = live.secret("shop/production/app", "us-east-1")
    given = {"user": app["app_username"], "password": app["app_password"], **login}
    return live.query(cluster, given.pop("user"), given.pop("password"), statement, **given)


def master(live: Live) -> dict[str, str]:
    return {"user": "dbadmin", "password": live.secret("shop/production/master", "us-east-1")["password"]}


def test_the_endpoint_is_dead_until_the_writer_is_there(live: Live, cluster: str, restored: dict[str, Any]) -> None:
    assert live.cluster(cluster)["Endpoint"] == restored["Endpoint"]
    assert query(live, restored, "SELECT 1") == [(1,)]


def test_restored_users_keep_the_sources_passwords_and_grants(live: Live, cluster: str) -> None:
    assert query(live, live.cluster(cluster), COUNT) == [(2000,)]
    assert query(live, live.cluster(cluster), "SELECT current_user", **master(live)) == [("dbadmin",)]


def test_rows_written_after_the_snapshot_are_not_in_it(live: Live, cluster: str) -> None:
    late = "SELECT count(*) FROM shop.customers WHERE email = 'after-snapshot@example.com'"
    assert query(live, live.cluster(cluster), late) == [(0,)]


def test_the_master_is_rds_superuser_and_no_superuser(live: Live, cluster: str) -> None:
    attributes = (
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, pg_has_role('rds_superuser', 'member') "
        "FROM pg_roles WHERE rolname = current_user"
    )
    assert query(live, live.cluster(cluster), attributes, **master(live)) == [(False, True, True, False, True)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(live, live.cluster(cluster), "SELECT pg_read_file('/etc/hostname')", **master(live))


def test_the_reader_endpoint_only_reads(live: Live, cluster: str) -> None:
    reader = {**live.cluster(cluster), "Endpoint": live.cluster(cluster)["ReaderEndpoint"]}
    assert query(live, reader, COUNT) == [(2000,)]
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        query(live, reader, "CREATE TABLE x (n int)", **master(live))


def test_an_older_snapshot_holds_older_data(live: Live) -> None:
    weekly = live.source.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="shop-production-weekly")
    live.copy("weekly", SourceDBClusterSnapshotIdentifier=weekly["DBClusterSnapshots"][0]["DBClusterSnapshotArn"])
    live.until(lambda: live.snapshot("weekly")["Status"] == "available")
    live.restore("older", "weekly")
    live.add_instance("older", "older-1")
    assert query(live, live.cluster("older"), COUNT) == [(1800,)]
    live.remove("older")


def test_a_new_master_password_counts_and_the_old_one_no_longer(live: Live, copied: str) -> None:
    live.restore("reset", copied)
    live.add_instance("reset", "reset-1")
    old, new = master(live), {"user": "dbadmin", "password": "another-horse-battery"}
    live.rds.modify_db_cluster(DBClusterIdentifier="reset", MasterUserPassword=new["password"])
    live.until(lambda: live.cluster("reset")["Status"] == "resetting-master-credentials")
    live.until(lambda: live.cluster("reset")["Status"] == "available")
    assert query(live, live.cluster("reset"), "SELECT 1", **new) == [(1,)]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        query(live, live.cluster("reset"), "SELECT 1", **old)
    assert query(live, live.cluster("reset"), COUNT) == [(2000,)], "the other users keep theirs"
    live.remove("reset")


def test_a_renamed_cluster_answers_at_its_old_endpoint_first_and_then_at_the_new_one_only(
    live: Live, copied: str
) -> None:
    live.restore("old-name", copied)
    instance = live.add_instance("old-name", "kept-name")["Endpoint"]
    old = live.cluster("old-name")
    live.rds.modify_db_cluster(DBClusterIdentifier="old-name", NewDBClusterIdentifier="new-name", ApplyImmediately=True)
    live.until(lambda: not live.is_gone("new-name"))
    new = live.cluster("new-name")
    assert new["Endpoint"] != old["Endpoint"] and live.instance("kept-name")["Endpoint"] == instance
    assert query(live, old, COUNT) == [(2000,)]
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        query(live, new, COUNT)
    live.until(lambda: _answers(live, new))
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        query(live, old, COUNT)
    assert query(live, {**new, "Endpoint": instance["Address"]}, COUNT) == [(2000,)]
    live.remove("new-name")


def _answers(live: Live, cluster: dict[str, Any]) -> bool:
    try:
        return bool(query(live, cluster, COUNT))
    except psycopg2.OperationalError:
        return False


def test_a_stopped_cluster_does_not_answer_and_has_its_data_afterwards(live: Live, copied: str) -> None:
    live.restore("lazy", copied)
    live.add_instance("lazy", "lazy-1")
    live.rds.stop_db_cluster(DBClusterIdentifier="lazy")
    live.until(lambda: live.cluster("lazy")["Status"] == "stopped")
    assert not _answers(live, live.cluster("lazy"))
    live.rds.start_db_cluster(DBClusterIdentifier="lazy")
    live.until(lambda: live.cluster("lazy")["Status"] == "available")
    assert _answers(live, live.cluster("lazy"))
    live.remove("lazy")


def test_a_final_snapshot_holds_the_last_rows_and_deleting_frees_the_disk(live: Live, copied: str) -> None:
    resource_id = live.restore("doomed", copied)["DbClusterResourceId"]
    live.add_instance("doomed", "doomed-1")
    doomed, folder = live.cluster("doomed"), live.dir / "clusters" / resource_id
    query(live, doomed, "CREATE TABLE last AS SELECT 42 AS n; SELECT n FROM last", database="shop", **master(live))
    live.rds.create_db_cluster_snapshot(DBClusterIdentifier="doomed", DBClusterSnapshotIdentifier="last")
    live.until(lambda: live.snapshot("last")["Status"] == "available")
    assert folder.exists()
    live.remove("doomed")
    assert not folder.exists() and not _answers(live, doomed)
    live.restore("doomed", "last")
    live.add_instance("doomed", "doomed-1")
    assert live.cluster("doomed")["Endpoint"] == doomed["Endpoint"]
    assert live.cluster("doomed")["DbClusterResourceId"] != resource_id
    assert query(live, live.cluster("doomed"), "SELECT n FROM last", **master(live)) == [(42,)]
    live.remove("doomed")
    live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="last")


def test_a_snapshot_whose_data_is_gone_makes_a_restore_incompatible(live: Live) -> None:
    live.copy("torn")
    live.until(lambda: live.snapshot("torn")["Status"] == "available")
    (data,) = (live.dir / "snapshots").glob("us-west-2-torn-*")
    shutil.rmtree(data)
    live.rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="wreck", SnapshotIdentifier="torn", Engine="aurora-postgresql",
        EngineVersion=live.newest()["EngineVersion"], DBSubnetGroupName="shop-staging",
    )  # fmt: skip
    live.until(lambda: live.cluster("wreck")["Status"] == "incompatible-restore")
    live.rds.delete_db_cluster(DBClusterIdentifier="wreck", SkipFinalSnapshot=True)
    live.until(lambda: live.is_gone("wreck"))


def test_the_newest_snapshot_of_the_world_is_still_being_made_and_has_no_time(live: Live) -> None:
    name = live.info["world"]["creating_snapshot_id"]
    creating = live.source.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"][0]
    assert creating["Status"] == "creating" and "SnapshotCreateTime" not in creating
    newest = live.newest()
    assert newest["DBClusterSnapshotIdentifier"] == live.info["world"]["newest_snapshot_id"]
    assert newest["SnapshotType"] == "automated" and newest["DBClusterSnapshotIdentifier"].startswith("rds:")
