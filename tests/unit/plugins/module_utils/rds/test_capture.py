# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import capture
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster
from rds_world import cluster, instance

MEMBERS = [
    instance("b-reader", DBInstanceClass="db.t4g.medium", PromotionTier=5),
    instance(
        "c-writer",
        AvailabilityZone="us-west-2a",
        MonitoringInterval=60,
        MonitoringRoleArn="arn:role",
        PerformanceInsightsEnabled=True,
        PerformanceInsightsRetentionPeriod=7,
        TagList=[{"Key": "a", "Value": "1"}, {"Key": "aws:b", "Value": "2"}],
    ),
]
LIVE = Cluster.from_boto(
    {
        **cluster(ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4.0}),
        "AssociatedRoles": [{"RoleArn": "arn:s3", "FeatureName": "s3Import", "Status": "ACTIVE"}],
        "DBClusterMembers": [{"DBInstanceIdentifier": "c-writer", "IsClusterWriter": True}],
    },
    MEMBERS,
)


def test_captures_everything_a_restore_needs() -> None:
    found = capture.captured(LIVE, [{"DBClusterEndpointIdentifier": "reports"}], [{"PolicyName": "cpu"}])
    assert set(found) == set(capture.CONFIGURATION_OPTIONS)
    assert capture.missing(found) == []
    assert found["vpc_security_group_ids"] == ["sg-1", "sg-2"]
    assert found["tags"] == {"team": "shop"}  # without our own mark
    assert found["lost"] == ["custom endpoint reports", "autoscaling policy cpu"]
    assert found["associated_roles"] == [{"role_arn": "arn:s3", "feature_name": "s3Import"}]
    writer, reader = found["instances"]
    assert (writer["db_instance_class"], writer["availability_zone"], writer["tags"]) == (
        "db.r6g.large",
        "us-west-2a",
        {"a": "1"},
    )
    assert (writer["enable_performance_insights"], writer["performance_insights_retention_period"]) == (True, 7)
    assert (reader["db_instance_class"], reader["promotion_tier"], reader["monitoring_interval"]) == (
        "db.t4g.medium",
        5,
        0,
    )
    assert set(writer) == set(capture.INSTANCE_OPTIONS)


def test_captured_fits_the_argument_spec() -> None:
    spec = {"configuration": {"type": "dict", "options": capture.CONFIGURATION_OPTIONS}}
    found = capture.captured(LIVE)
    result = ArgumentSpecValidator(spec).validate({"configuration": found})
    assert result.error_messages == []
    assert result.validated_parameters["configuration"] == found


def test_merge_keeps_what_is_not_said() -> None:
    base = capture.captured(LIVE)
    assert capture.merge(base, None) == base
    assert capture.merge(base, {"port": None, "engine": "", "instances": [], "vpc_security_group_ids": []}) == base
    assert capture.merge(base, {"enabled_cloudwatch_logs_exports": []})["enabled_cloudwatch_logs_exports"] == []
    merged = capture.merge(base, {"port": 6432, "vpc_security_group_ids": ["sg-9"]})
    assert {**merged, "port": base["port"], "vpc_security_group_ids": base["vpc_security_group_ids"]} == base
    assert merged["port"] == 6432
    assert merged["vpc_security_group_ids"] == ["sg-9"]


def test_merge_fills_instances_from_the_captured_ones() -> None:
    base = capture.captured(LIVE)
    wanted = [{"db_instance_class": "db.r6g.xlarge"}, {"promotion_tier": 3}, {"tags": None}]
    merged = capture.merge(base, {"instances": wanted})["instances"]
    assert [item["db_instance_class"] for item in merged] == ["db.r6g.xlarge", "db.t4g.medium", "db.t4g.medium"]
    assert merged[0]["availability_zone"] == "us-west-2a"
    assert (merged[1]["promotion_tier"], merged[2]["promotion_tier"]) == (3, 5)
    assert "availability_zone" not in merged[2]


def test_merge_of_scaling() -> None:
    merged = capture.merge(capture.captured(LIVE), {"serverless_v2_scaling_configuration": {"max_capacity": 8}})
    assert merged["serverless_v2_scaling_configuration"] == {"min_capacity": 0.5, "max_capacity": 8}


def test_merge_without_a_cluster() -> None:
    merged = capture.merge(None, {"instances": [{}]})
    assert merged["deletion_protection"] is True
    assert capture.missing(merged) == [
        "db_subnet_group_name",
        "vpc_security_group_ids",
        "db_cluster_parameter_group_name",
        "instances[0].db_instance_class",
    ]


def test_carried_over_is_readable() -> None:
    phrases = capture.carried_over(capture.captured(LIVE))
    assert "db_subnet_group_name shop-staging" in phrases
    assert "vpc_security_group_ids sg-1, sg-2" in phrases
    assert "serverless_v2_scaling_configuration 0.5 to 4.0 ACU" in phrases
    assert "instance 2: db.t4g.medium" in phrases
    assert "tag team" in phrases
