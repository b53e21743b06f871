# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading the world at the edge: one function per thing, each failure kept for its check (``world.attempt``)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client, aws_call, paginate
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, BadInput
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import database, permissions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import (
    Boto,
    Decision,
    Fact,
    Surroundings,
    Wishes,
    World,
    attempt,
    unasked,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot, arn_part
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import read_secret
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.table import require_table

T = TypeVar("T")
# (service, region) to client
Connect = Callable[[str, str], Client]

SUBNET_GROUP_GONE = ("DBSubnetGroupNotFoundFault",)
PARAMETER_GROUP_GONE = ("DBParameterGroupNotFound", "DBClusterParameterGroupNotFound")
TOPIC_GONE = ("NotFound", "NotFoundException", "InvalidParameter")
# What RDS is granted on the key of a cluster
GRANTED = ("Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "CreateGrant", "DescribeKey")
KEY_GONE = ("NotFoundException", "InvalidArnException")


@aws_call("GetTopicAttributes")
def get_topic(client: Client, topic_arn: str) -> Boto:
    return client.get_topic_attributes(TopicArn=topic_arn)["Attributes"]  # type: ignore[no-any-return]


@aws_call("DescribeSecurityGroups", "names")
def describe_security_groups(client: Client, group_ids: Sequence[str], *, names: str = "") -> list[Boto]:
    """The security groups of these ids that exist. By filter: asked for by id, one that is missing fails all."""
    filters = [{"Name": "group-id", "Values": list(group_ids)}]
    return list(paginate(client, "describe_security_groups", "SecurityGroups", Filters=filters))


@aws_call("DescribeRouteTables", "vpc_id")
def describe_route_tables(client: Client, vpc_id: str) -> list[Boto]:
    """All of the VPC, in one go: the main one counts for every subnet that has none of its own."""
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    return list(paginate(client, "describe_route_tables", "RouteTables", Filters=filters))


def read_world(wishes: Wishes, regions: frozenset[str], connect: Connect, caller: Boto) -> World:
    """Everything that does not depend on the target's configuration."""
    source_known, target_known = wishes.source_region in regions, wishes.target_region in regions
    source = _at(connect, wishes.source_region) if source_known else None
    target = _at(connect, wishes.target_region) if target_known else None
    cluster = _fact(target, "rds", lambda rds: read_cluster(rds, wishes.target_cluster_id))
    exists = cluster.value is not None
    return World(
        regions=regions,
        source=_fact(source, "rds", lambda rds: read_cluster(rds, wishes.source_cluster_id)),
        snapshots=_fact(source, "rds", lambda rds: read_snapshots(rds, wishes)),
        target=cluster,
        custom_endpoints=_fact(
            target if exists else None, "rds", lambda rds: api.describe_custom_endpoints(rds, wishes.target_cluster_id)
        ),
        scaling_policies=_fact(
            target if exists else None,
            "application-autoscaling",
            lambda scaling: api.describe_scaling_policies(scaling, cluster_id=wishes.target_cluster_id),
        ),
        target_snapshots=_fact(target, "rds", read_manual_snapshots),
        master_secret=_secret(target, wishes.master_secret_id, ("username", "password")),
        app_secret=_secret(
            target,
            wishes.app_secret_id,
            ("app_username", "app_password", "readonly_username", "readonly_password"),
        ),
        topic=read_topic(wishes, regions, connect),
        ca=attempt(lambda: read_text(str(wishes.ca_file))) if wishes.ca_file else unasked(),
        quotas=_fact(target, "rds", api.describe_account_quotas),
        state_table=read_state_table(wishes, connect),
        caller=caller,
    )


def read_surroundings(
    wishes: Wishes, decision: Decision, regions: frozenset[str], connect: Connect, world: World
) -> Surroundings:
    """What the wanted configuration refers to; then what the run, as it would be now, would be allowed."""
    if wishes.target_region not in regions:
        return Surroundings()
    target = _at(connect, wishes.target_region)
    wanted = decision.configuration
    engine, version = wanted.get("engine"), wanted.get("engine_version")
    rds = target("rds")
    around = Surroundings(
        key=_optional(decision.kms_key_id, lambda key: _absent(KEY_GONE, lambda: api.describe_key(target("kms"), key))),
        versions=attempt(lambda: api.describe_engine_versions(rds, engine=str(engine), engine_version=str(version)))
        if engine and version
        else unasked(),
        subnet_group=_optional(
            wanted.get("db_subnet_group_name"),
            lambda name: _absent(SUBNET_GROUP_GONE, lambda: api.describe_subnet_group(rds, name)),
        ),
        cluster_parameter_group=_optional(
            wanted.get("db_cluster_parameter_group_name"),
            lambda name: _absent(PARAMETER_GROUP_GONE, lambda: api.describe_cluster_parameter_group(rds, name)),
        ),
        parameter_groups={
            name: _optional(
                name, lambda group: _absent(PARAMETER_GROUP_GONE, lambda: api.describe_parameter_group(rds, group))
            )
            for name in _of_instances(wanted, "db_parameter_group_name")
        },
        security_groups=_optional(
            wanted.get("vpc_security_group_ids"),
            lambda ids: describe_security_groups(target("ec2"), ids, names=", ".join(ids)),
        ),
        offers={
            name: attempt(
                functools.partial(
                    api.describe_orderable_options,
                    rds,
                    engine=str(engine),
                    engine_version=str(version),
                    instance_class=name,
                )
            )
            for name in _of_instances(wanted, "db_instance_class")
            if engine and version
        },
        database=read_database(wishes, world),
    )
    asked = permissions.questions(wishes, world, decision, around)
    return replace(
        around,
        route_tables=read_route_tables(wishes, around, target),
        source_key=read_source_key(wishes, decision, around, connect),
        grant=read_grant(wishes, world, around, connect),
        permissions=attempt(lambda: permissions.simulate(target("iam"), str(world.caller.get("Arn", "")), asked)),
    )


def read_route_tables(wishes: Wishes, around: Surroundings, target: Callable[[str], Client]) -> Fact[Sequence[Boto]]:
    """The routes of the subnet group's VPC, unless its subnets may be public."""
    group = around.subnet_group.value or {}
    if not group.get("VpcId") or group.get("DBSubnetGroupName") in wishes.public_subnet_groups:
        return unasked()
    return attempt(lambda: describe_route_tables(target("ec2"), str(group["VpcId"])))


def read_source_key(wishes: Wishes, decision: Decision, around: Surroundings, connect: Connect) -> Fact[Boto]:
    """Whose the snapshot's key is: asked only when the new key is not the customer's, which nothing surpasses."""
    key, snapshot = around.key.value or {}, decision.snapshot
    if key.get("KeyManager") != "AWS" or snapshot is None or not snapshot.kms_key_id:
        return unasked()
    return attempt(lambda: api.describe_key(connect("kms", arn_part(snapshot.arn, 3)), str(snapshot.kms_key_id)))


def read_grant(wishes: Wishes, world: World, around: Surroundings, connect: Connect) -> Fact[str]:
    """Whether the caller may let RDS use the target's key, by a dry run, which never grants anything."""
    arn, grantee = (around.key.value or {}).get("Arn"), permissions.principal(str(world.caller.get("Arn", "")))
    if not arn or not grantee:
        return unasked()
    return attempt(lambda: try_grant(connect("kms", wishes.target_region), str(arn), grantee))


def try_grant(client: Client, key_arn: str, grantee: str) -> str:
    """What KMS says to CreateGrant as a dry run.

    :raises AwsError: it would refuse.
    """
    try:
        create_grant_dry(client, key_arn, grantee)
    except AwsError as error:
        if error.code != "DryRunOperationException":
            raise
    return "a dry run of CreateGrant would have succeeded"


@aws_call("CreateGrant")
def create_grant_dry(client: Client, key_arn: str, grantee: str) -> None:
    client.create_grant(KeyId=key_arn, GranteePrincipal=grantee, Operations=list(GRANTED), DryRun=True)


def read_database(wishes: Wishes, world: World) -> Fact[Any]:
    """Whether the database of the cluster that has the name now can be reached, and who can log in to it."""
    cluster = world.target.value
    if wishes.db_host or not wishes.check_database or cluster is None or cluster.status != "available":
        return unasked()
    endpoint, port = cluster.boto.get("Endpoint"), cluster.boto.get("Port")
    if not endpoint or not port or not cluster.instances:
        return unasked()
    secret = world.master_secret.value
    named = wishes.databases[0] if wishes.databases else (secret or {}).get("database")
    ca_file = str(Path(wishes.ca_file).expanduser()) if wishes.ca_file and world.ca.value else None
    return attempt(lambda: database.look(str(endpoint), int(port), secret, named, ca_file))


def read_cluster(client: Client, cluster_id: str) -> Cluster | None:
    boto = api.find_cluster(client, cluster_id)
    return Cluster.from_boto(boto, api.describe_instances(client, cluster_id)) if boto else None


def read_snapshots(client: Client, wishes: Wishes) -> list[Snapshot]:
    """The candidates: the pinned snapshot, or all of the source cluster."""
    if wishes.snapshot.snapshot_id:
        found = api.find_snapshot(client, wishes.snapshot.snapshot_id)
        return [Snapshot.from_boto(found)] if found else []
    return [Snapshot.from_boto(item) for item in api.describe_snapshots(client, wishes.source_cluster_id)]


def read_manual_snapshots(client: Client) -> list[Snapshot]:
    return [Snapshot.from_boto(item) for item in api.describe_snapshots(client, snapshot_type="manual")]


def read_topic(wishes: Wishes, regions: frozenset[str], connect: Connect) -> Fact[Boto]:
    """The topic's attributes, asked where its ARN says it is."""
    arn = wishes.sns_topic_arn
    if not arn or arn_part(arn, 3) not in regions:
        return unasked()
    return attempt(lambda: _absent(TOPIC_GONE, lambda: get_topic(connect("sns", arn_part(arn, 3)), arn)))


def read_state_table(wishes: Wishes, connect: Connect) -> Fact[Boto]:
    table, region = wishes.state_table, wishes.state_region
    if not table or not region:
        return unasked()

    return attempt(lambda: require_table(connect("dynamodb", region), table, region))


def read_text(path: str) -> str:
    """The content of a local file.

    :raises BadInput: it can't be read.
    """
    try:
        return Path(path).expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadInput(f"The file {path} can't be read: {error.strerror}", resource=path) from error


def _at(connect: Connect, region: str) -> Callable[[str], Client]:
    return lambda service: connect(service, region)


def _fact(connect: Callable[[str], Client] | None, service: str, read: Callable[[Client], T | None]) -> Fact[T]:
    return attempt(lambda: read(connect(service))) if connect is not None else unasked()


def _secret(
    connect: Callable[[str], Client] | None, secret_id: str | None, keys: Collection[str]
) -> Fact[Mapping[str, str]]:
    if not secret_id:
        return unasked()
    return _fact(connect, "secretsmanager", lambda client: read_secret(client, secret_id, keys))


def _optional(value: T | None, read: Callable[[T], Any]) -> Fact[Any]:
    return attempt(lambda: read(value)) if value else unasked()


def _absent(codes: Collection[str], read: Callable[[], T]) -> T | None:
    """None when AWS says that there is no such thing."""
    try:
        return read()
    except AwsError as error:
        if error.code in codes:
            return None
        raise


def _of_instances(configuration: Mapping[str, Any], key: str) -> list[str]:
    """The different values that the members have for a key."""
    return sorted({item[key] for item in configuration.get("instances") or [] if item.get(key)})
