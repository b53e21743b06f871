# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode tells what the run does: the same change, the same resource, the same refusals. All in both modes."""

from __future__ import annotations

import copy as copies
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import (
    copying,
    deleting,
    modifying,
    restoring,
    waiting,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.capture import captured
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot
from ansible_collections.dbops.aurora_restore.plugins.modules import cluster_restore
from rds_world import ApiError, World, cluster, instance, snapshot
from test_copying import WISH as COPY_WISH
from test_copying import present_copy
from test_deleting import FINAL, make_world
from test_deleting import WISH as DELETE_WISH
from test_restoring import COPY, OPERATION, READER, configuration
from test_restoring import wish as restore_wish

ROLES = [{"role_arn": "arn:aws:iam::123456789012:role/s3", "feature_name": "s3Import"}]


@pytest.fixture(autouse=True)
def _endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "tcp_problem", lambda host, port: None)


def session(world: World, **values: Any) -> Any:
    return world.session(operation_id=OPERATION, **values)


def both(world: World, deed: Callable[[Any], Any], **values: Any) -> tuple[Any, Any]:
    """The deed in check mode, which changes nothing, and then for real: outcomes, or the errors that they raised."""
    state = copies.deepcopy((world.clusters, world.instances, world.snapshots, world.coming))
    checked = tried(deed, session(world, check=True, **values))
    assert world.mutations == []
    # Statuses advance with each look: the run begins where check mode did.
    world.clusters, world.instances, world.snapshots, world.coming = state
    return checked, tried(deed, session(world, **values))


def tried(deed: Callable[[Any], Any], with_session: Any) -> Any:
    try:
        return deed(with_session)
    except RestoreError as error:
        return error


# ---- restoring


@dataclass
class Place:
    """What has the name when the restore begins."""

    world: World
    wish: restoring.RestoreWish


def free(**overrides: Any) -> Place:
    world = World()
    world.snapshots["shop-production-copy"] = copies.deepcopy(COPY)
    return Place(world, restore_wish(configuration=configuration(**overrides)))


def restored(**overrides: Any) -> Place:
    """An earlier run of the same operation has got to its end, with the configuration as it was then."""
    place = free()
    restoring.restore(session(place.world), place.wish)
    place.world.log.clear()
    return Place(place.world, restore_wish(configuration=configuration(**overrides)))


def died_early() -> Place:
    """An earlier attempt has made the cluster and its writer, and nothing else."""
    place = free()
    place.world.faults["ModifyDBCluster"] = [ApiError("AccessDenied", "no")]
    assert isinstance(tried(lambda it: restoring.restore(it, place.wish), session(place.world)), RestoreError)
    place.world.log.clear()
    return place


def lost_a_reader() -> Place:
    place = restored()
    del place.world.instances[READER]
    return place


def lost_its_copy() -> Place:
    """Nothing is left to do, so what the restore began with is not needed any more."""
    place = restored()
    place.world.snapshots.clear()
    return place


def stopped() -> Place:
    place = restored()
    place.world.clusters["shop-staging"]["Status"] = "stopped"
    return place


def broken() -> Place:
    place = restored()
    place.world.clusters["shop-staging"]["Status"] = "inaccessible-encryption-credentials"
    return place


def foreign() -> Place:
    place = free()
    place.world.clusters["shop-staging"] = cluster(DbClusterResourceId="cluster-THIRD")
    return place


def without_snapshot() -> Place:
    place = free()
    place.world.snapshots.clear()
    return place


PLACES: dict[str, Callable[[], Place]] = {
    "free": free,
    "free, one member": lambda: free(instances=[{"db_instance_class": "db.r6g.xlarge"}]),
    "free, protected": lambda: free(deletion_protection=True, tags={"team": "data"}),
    "free, with a role": lambda: free(associated_roles=ROLES),
    "restored": restored,
    "restored, other retention": lambda: restored(backup_retention_period=3),
    "restored, other groups": lambda: restored(vpc_security_group_ids=["sg-3"]),
    "restored, without IAM": lambda: restored(iam_database_authentication_enabled=False),
    "restored, other tags": lambda: restored(tags={"team": "data"}),
    "restored, protected since": lambda: restored(deletion_protection=True),
    "restored, a role more": lambda: restored(associated_roles=ROLES),
    "died early": died_early,
    "lost a reader": lost_a_reader,
    "lost its copy": lost_its_copy,
}
NO_PLACES: dict[str, Callable[[], Place]] = {"stopped": stopped, "broken": broken, "foreign": foreign}


def known(found: Cluster) -> dict[str, Any]:
    """The configuration and the tags, without what only AWS knows."""
    return {key: value for key, value in captured(found).items() if key != "lost"} | {"all tags": dict(found.tags)}


@pytest.mark.parametrize("name", PLACES)
def test_restore_is_foretold(name: str) -> None:
    place = PLACES[name]()
    checked, done = both(place.world, lambda it: restoring.restore(it, place.wish))
    assert checked.changed == done.changed
    assert (checked.action == "planned") == done.changed
    if "free" in name:
        # RDS picks what is not said, here as for a world of its own; said is everything else.
        assert checked.cluster.status == "planned" and checked.before is done.before is None
    assert known(checked.cluster) == known(done.cluster)
    assert [item.id for item in checked.cluster.instances] == [item.id for item in done.cluster.instances]
    assert [item.is_writer for item in checked.cluster.instances] == [item.is_writer for item in done.cluster.instances]


@pytest.mark.parametrize("name", NO_PLACES)
def test_restore_that_fails_is_foretold(name: str) -> None:
    place = NO_PLACES[name]()
    checked, done = both(place.world, lambda it: restoring.restore(it, place.wish))
    assert isinstance(checked, RestoreError)
    assert str(checked) == str(done)


def test_restore_of_a_snapshot_that_is_gone() -> None:
    """AWS would say so, in its words."""
    checked = tried(lambda it: restoring.restore(it, restore_wish()), session(without_snapshot().world, check=True))
    assert "shop-production-copy does not exist" in str(checked)


def test_restore_without_waiting_is_foretold() -> None:
    for place in (free(), restored(backup_retention_period=3)):
        checked, done = both(place.world, lambda it, wish=place.wish: restoring.restore(it, wish), wait=False)
        assert (checked.changed, checked.cluster.instances) == (done.changed, done.cluster.instances)


def test_difference_is_from_the_cluster_that_is_replaced() -> None:
    place = free(backup_retention_period=3, instances=[{"db_instance_class": "db.r6g.xlarge"}])
    place.world.clusters["shop-staging"] = cluster()
    place.world.instances = {"old-1": instance("old-1")}
    outcome = restoring.restore(session(place.world, check=True), place.wish)
    before, after = captured(outcome.before), captured(outcome.cluster)
    assert {key for key in before if before[key] != after[key]} == {
        "engine_version", "backup_retention_period", "instances"
    }  # fmt: skip
    assert (before["engine_version"], after["engine_version"]) == ("17.2", "17.4")
    assert (before["backup_retention_period"], after["backup_retention_period"]) == (7, 3)
    assert after["instances"][0] == {**before["instances"][0], "db_instance_class": "db.r6g.xlarge"}


def test_planned_copy_need_not_be_there() -> None:
    planned = copying.copy(session(World(), check=True), COPY_WISH).snapshot
    outcome = restoring.restore(session(World(), check=True), restore_wish(snapshot=planned))
    assert outcome.cluster is not None
    assert outcome.cluster.tags["aurora-restore:source-snapshot-arn"] == COPY_WISH.source.arn
    assert outcome.cluster.arn == "arn:aws:rds:us-west-2:123456789012:cluster:shop-staging"


def test_names_of_members_are_not_made_up() -> None:
    outcome = restoring.restore(free().world.session(check=True), restore_wish())
    assert outcome.cluster is not None
    assert [item.id for item in outcome.cluster.instances] == ["shop-staging-planned-1", "shop-staging-planned-2"]


@pytest.mark.parametrize("call", ["DescribeDBClusterParameterGroups", "DescribeDBParameterGroups"])
def test_group_of_another_family(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    group = {"DBParameterGroupFamily": "aurora-postgresql14"}
    monkeypatch.setattr(World, f"do_{call}", lambda world, params: {call.removeprefix("Describe"): [group]})
    refused = tried(lambda it: restoring.restore(it, restore_wish()), session(free().world, check=True))
    assert "is of family aurora-postgresql14, but the snapshot's engine version needs aurora-postgresql17" in str(
        refused
    )


def test_version_that_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "do_DescribeDBEngineVersions", lambda world, params: {"DBEngineVersions": []})
    refused = tried(lambda it: restoring.restore(it, restore_wish()), session(free().world, check=True))
    assert "us-west-2 does not offer aurora-postgresql 17.4" in str(refused)


def test_what_may_not_be_read_is_unknown() -> None:
    place = free()
    place.world.faults["DescribeDBEngineVersions"] = [ApiError("AccessDenied", "no")]
    outcome = restoring.restore(session(place.world, check=True), place.wish, lambda subnet_group: ["the key"])
    (families, key) = outcome.unknown
    assert "DescribeDBEngineVersions" in families
    assert key == "the key"


class Around:
    """What cluster_restore gets of its module: clients of KMS and EC2, whose answers are given by name of the call."""

    region = "us-west-2"

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def client(self, service: str) -> Any:
        made = boto3.client(service, region_name=self.region, aws_access_key_id="key", aws_secret_access_key="secret")
        made.meta.events.register(f"before-call.{service}.*", self._answer)
        return made

    def _answer(self, model: Any, **_others: Any) -> Any:
        answer = self.answers[model.name]
        refused = isinstance(answer, ApiError)
        if refused:
            answer = {"Error": {"Code": answer.code, "Message": answer.message}}
        return World._http(400 if refused else 200), {**answer, "ResponseMetadata": {}}


KEY_ARN = "arn:aws:kms:us-west-2:123456789012:key/staging"
ENABLED = {"KeyMetadata": {"KeyId": "staging", "Arn": KEY_ARN, "KeyState": "Enabled"}}
GROUPS = {"SecurityGroups": [{"GroupId": "sg-1", "VpcId": "vpc-1"}, {"GroupId": "sg-2", "VpcId": "vpc-1"}]}
ELSEWHERE = {"SecurityGroups": [{"GroupId": "sg-1", "VpcId": "vpc-2"}]}
DISABLED = {"KeyMetadata": {**ENABLED["KeyMetadata"], "KeyState": "Disabled"}}
REFUSED = ApiError("AccessDeniedException", "not authorized to perform: kms:DescribeKey")
UNSEEN = ApiError("UnauthorizedOperation", "not authorized to perform: ec2:DescribeSecurityGroups")


def looked(key: Any, groups: Any) -> list[str]:
    subnets = {"DBSubnetGroupName": "shop-staging", "VpcId": "vpc-1"}
    around: Any = Around(DescribeKey=key, DescribeSecurityGroups=groups)
    return cluster_restore.look_outside(around, restore_wish(), subnets)


def test_key_and_networks_that_can_be_used() -> None:
    assert looked(ENABLED, GROUPS) == []


@pytest.mark.parametrize(
    ("key", "groups", "words"),
    [
        (DISABLED, GROUPS, ["is Disabled"]),
        (ApiError("NotFoundException"), GROUPS, ["does not exist in us-west-2"]),
        (ENABLED, ELSEWHERE, ["sg-1 is in vpc-2, but subnet group shop-staging is in vpc-1", "sg-2 does not exist"]),
    ],
)
def test_key_and_networks_that_cannot(key: Any, groups: Any, words: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        looked(key, groups)
    assert all(word in str(refused.value) for word in words)


def test_key_and_networks_that_may_not_be_seen() -> None:
    """Unknown, and said to be; the other one is looked at all the same."""
    (said,) = looked(REFUSED, GROUPS)
    assert said.startswith("Whether the key can be used is not known.") and "kms:DescribeKey" in said
    (said,) = looked(ENABLED, UNSEEN)
    assert "security groups" in said and "ec2:DescribeSecurityGroups" in said
    with pytest.raises(BadInput):
        looked(REFUSED, ELSEWHERE)


# ---- copying


def flying() -> World:
    world = World()
    world.snapshots[COPY_WISH.id] = present_copy(COPY_WISH.id, Status="copying")
    world.coming[COPY_WISH.id] = ["copying", "available"]
    return world


def holding(**values: Any) -> World:
    world = World()
    world.snapshots[COPY_WISH.id] = present_copy(COPY_WISH.id, **values)
    return world


COPIES: dict[str, Callable[[], World]] = {
    "none": World,
    "there": holding,
    "failed": lambda: holding(Status="failed"),
    "in flight": flying,
    "foreign": lambda: holding(SourceDBClusterSnapshotArn="arn:aws:rds:us-east-1:1:cluster-snapshot:other"),
}


@pytest.mark.parametrize("name", COPIES)
def test_copy_is_foretold(name: str) -> None:
    checked, done = both(COPIES[name](), lambda it: copying.copy(it, COPY_WISH))
    if isinstance(done, RestoreError):
        assert str(checked) == str(done)
        return
    assert (checked.changed, checked.before) == (done.changed, done.before)
    for key in ("db_cluster_snapshot_arn", "kms_key_id", "source_db_cluster_snapshot_arn", "engine_version"):
        assert checked.snapshot[key] == done.snapshot[key]
    if name in ("none", "failed"):
        assert checked.snapshot["tags"] == done.snapshot["tags"]
    else:
        assert (checked.action, checked.snapshot["status"]) == (done.action, done.snapshot["status"])


def test_chain_goes_on_from_a_copy_in_flight() -> None:
    world = flying()
    adopted = copying.copy(session(world, check=True), COPY_WISH).snapshot
    outcome = restoring.restore(session(world, check=True), restore_wish(snapshot=adopted))
    assert (outcome.action, world.snapshots[COPY_WISH.id]["Status"]) == ("planned", "copying")


def test_copy_in_flight_that_is_not_waited_for() -> None:
    checked, done = both(flying(), lambda it: copying.copy(it, COPY_WISH), wait=False)
    assert checked.snapshot["status"] == done.snapshot["status"] == "copying"
    assert "planned" not in checked.snapshot


# ---- deleting


def gone() -> World:
    return World()


def going() -> World:
    world = make_world(Status="deleting")
    world.coming["shop-staging"] = ["deleting", "deleting", None]
    return world


def with_final(operation: str = OPERATION, **values: Any) -> World:
    """An earlier attempt has taken the final snapshot."""
    world, tags = make_world(**values), {"aurora-restore:operation-id": operation}
    world.snapshots[FINAL] = snapshot(FINAL, region="us-west-2", DBClusterIdentifier="shop-staging", tags=tags)
    return world


def partly_gone() -> World:
    world = with_final()
    del world.instances["shop-staging-2"]
    world.instances["shop-staging-1"]["DBInstanceStatus"] = "deleting"
    return world


def restored_already() -> World:
    """What is there is what the operation itself has restored since."""
    return with_final(tags={"aurora-restore:operation-id": OPERATION, "aurora-restore:target": "true"})


DELETIONS: dict[str, Callable[[], World]] = {
    "final snapshot taken": with_final,
    "foreign final snapshot": lambda: with_final(operation="01OTHER"),
    "partly gone": partly_gone,
    "restored already": restored_already,
    "wreck": lambda: make_world(Status="restore-failed", tags={"aurora-restore:operation-id": OPERATION}),
    "there": make_world,
    "stopped": lambda: make_world(Status="stopped"),
    "gone": gone,
    "going": going,
    "protected": lambda: make_world(DeletionProtection=True),
    "not marked": lambda: make_world(tags={}),
    "another one": lambda: make_world(DbClusterResourceId="cluster-THIRD"),
}


@pytest.mark.parametrize("final_snapshot", ["before", "at_delete", "none"])
@pytest.mark.parametrize("name", DELETIONS)
def test_deletion_is_foretold(name: str, final_snapshot: str) -> None:
    wish = replace(DELETE_WISH, final_snapshot=final_snapshot)
    checked, done = both(DELETIONS[name](), lambda it: deleting.delete(it, "shop-staging", wish))
    if isinstance(done, RestoreError):
        assert str(checked) == str(done)
        return
    assert checked.changed == done.changed
    assert (checked.final_snapshot_id, checked.final_snapshot_arn) == (done.final_snapshot_id, done.final_snapshot_arn)
    assert (checked.cluster and checked.cluster.resource_id) == (done.cluster and done.cluster.resource_id)


# ---- changing

CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {"backup_retention_period": 7}),
    "retention": ({}, {"backup_retention_period": 3, "preferred_backup_window": "04:00-04:30"}),
    "protection": ({}, {"deletion_protection": True}),
    "stopped": ({"Status": "stopped"}, {"backup_retention_period": 3}),
    "being deleted": ({"Status": "deleting"}, {"backup_retention_period": 3}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_is_foretold(name: str) -> None:
    values, wanted = CHANGES[name]
    world = World()
    world.clusters["shop-staging"] = cluster(**values)

    def deed(it: Any) -> Cluster | None:
        return modifying.modify(it, modifying.existing_cluster(it, "shop-staging"), wanted)

    checked, done = both(world, deed)
    if isinstance(done, RestoreError):
        assert str(checked) == str(done)
    else:
        assert (checked and checked.to_result()) == (done and done.to_result())


def test_copy_of_another_accounts_snapshot_is_ones_own() -> None:
    source = Snapshot.from_boto(
        {**COPY_WISH.source.boto, "DBClusterSnapshotArn": "arn:aws:rds:us-east-1:999999999999:cluster-snapshot:theirs"}
    )
    planned = copying.copy(session(World(), check=True), copying.CopyWish(source, COPY_WISH.kms_key_arn)).snapshot
    assert planned["db_cluster_snapshot_arn"].startswith("arn:aws:rds:us-west-2:123456789012:cluster-snapshot:")
