# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import NotFound, WaitTimeout
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, without_empty
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.modifying import existing_cluster, modify
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.parameters import (
    create_instance_parameters,
    modify_parameters,
    scaling_parameters,
)
from rds_world import ApiError, World, cluster


def made(**values: Any) -> Cluster:
    return Cluster.from_boto(cluster(**values))


def changed(wanted: dict[str, Any], **values: Any) -> World:
    world = World()
    world.clusters["shop-staging"] = cluster(**values)
    session = world.session()
    modify(session, existing_cluster(session, "shop-staging"), wanted)
    return world


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, {}),
        ({"backup_retention_period": 7, "preferred_maintenance_window": "Sun:05:00-Sun:05:30"}, {}),
        ({"backup_retention_period": 8}, {"BackupRetentionPeriod": 8}),
        ({"deletion_protection": True}, {"DeletionProtection": True}),
        ({"iam_database_authentication_enabled": False}, {"EnableIAMDatabaseAuthentication": False}),
        ({"vpc_security_group_ids": ["sg-2", "sg-1"]}, {}),
        ({"vpc_security_group_ids": ["sg-3"]}, {"VpcSecurityGroupIds": ["sg-3"]}),
        ({"enabled_cloudwatch_logs_exports": ["postgresql"]}, {}),
        (
            {"enabled_cloudwatch_logs_exports": []},
            {"CloudwatchLogsExportConfiguration": {"DisableLogTypes": ["postgresql"]}},
        ),
        ({"db_cluster_parameter_group_name": None}, {}),
    ],
)
def test_only_what_differs(wanted: dict[str, Any], expected: dict[str, Any]) -> None:
    assert modify_parameters(made(), wanted) == expected


def test_a_switch_that_is_left_out_is_off() -> None:
    bare = cluster()
    del bare["DeletionProtection"]
    assert modify_parameters(Cluster.from_boto(bare), {"deletion_protection": False}) == {}


def test_scaling() -> None:
    zero = {"min_capacity": 0, "max_capacity": 4, "seconds_until_auto_pause": 300}
    assert scaling_parameters({"serverless_v2_scaling_configuration": zero}) == {
        "MinCapacity": 0,
        "MaxCapacity": 4,
        "SecondsUntilAutoPause": 300,
    }
    one = {**zero, "min_capacity": 1}
    assert "SecondsUntilAutoPause" not in (scaling_parameters({"serverless_v2_scaling_configuration": one}) or {})


def test_member_without_monitoring() -> None:
    call = create_instance_parameters("c", "aurora-postgresql", "i", {"monitoring_role_arn": "arn", "tags": {}}, None)
    assert call == {
        "DBInstanceIdentifier": "i",
        "DBClusterIdentifier": "c",
        "Engine": "aurora-postgresql",
        "MonitoringInterval": 0,
        "EnablePerformanceInsights": False,
        "PubliclyAccessible": False,
    }


def test_changes_at_once_and_waits() -> None:
    world = changed({"backup_retention_period": 3})
    assert world.params_of("ModifyDBCluster")["ApplyImmediately"] is True
    assert world.clusters["shop-staging"]["BackupRetentionPeriod"] == 3
    world.assert_intents()


def test_nothing_to_change() -> None:
    assert changed({"backup_retention_period": 7}).mutations == []


def test_busy_cluster_is_tried_again() -> None:
    world = World()
    world.clusters["shop-staging"] = cluster()
    world.faults["ModifyDBCluster"] = [ApiError("InvalidDBClusterStateFault", "not available for modification")]
    session = world.session()
    modify(session, existing_cluster(session, "shop-staging"), {"backup_retention_period": 3})
    assert world.mutations == ["ModifyDBCluster", "ModifyDBCluster"]


def test_pending_values_are_waited_for() -> None:
    with pytest.raises(WaitTimeout, match="pending: BackupRetentionPeriod"):
        changed({"backup_retention_period": 3}, PendingModifiedValues={"BackupRetentionPeriod": 3})


def test_empty_pending_values_say_nothing() -> None:
    assert without_empty({"PendingCloudwatchLogsExports": {"LogTypesToEnable": []}, "Iops": None}) == {}


def test_missing_cluster() -> None:
    with pytest.raises(NotFound, match="does not exist in us-west-2"):
        existing_cluster(World().session(), "nothing")
