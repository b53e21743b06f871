# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS::CloudWatch::Alarm and AWS::CloudWatch::Dashboard.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudWatch.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.cloudformation.resources.kind import Kind, Order, boolean, document, integer, is_there, tag_list

NUMBERS: dict[str, Any] = {
    "Threshold": float, "Period": integer, "EvaluationPeriods": integer, "DatapointsToAlarm": integer,
    "ActionsEnabled": boolean, "ReturnData": boolean,
}  # fmt: skip


class Alarm(Kind):
    type = "AWS::CloudWatch::Alarm"
    properties = frozenset(
        ("ActionsEnabled", "AlarmActions", "AlarmDescription", "AlarmName", "ComparisonOperator", "DatapointsToAlarm",
         "Dimensions", "EvaluateLowSampleCountPercentile", "EvaluationPeriods", "ExtendedStatistic",
         "InsufficientDataActions", "MetricName", "Metrics", "Namespace", "OKActions", "Period", "Statistic", "Tags",
         "Threshold", "ThresholdMetricId", "TreatMissingData", "Unit")
    )  # fmt: skip
    replaced_by = frozenset(("AlarmName",))
    name = "AlarmName"
    attributes = frozenset(("Arn",))
    system_tags = True

    def create(self, order: Order) -> None:
        name = order.name("AlarmName")
        # PutMetricAlarm would overwrite an alarm that is there already.
        if order.calls("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"]:
            raise self.exists(name)
        _put(order, name, Tags=tag_list(order.tags))
        where = order.calls.identity
        order.physical_id = name
        order.attributes = {"Arn": f"arn:aws:cloudwatch:{where.region}:{where.account}:alarm:{name}"}

    def update(self, order: Order) -> None:
        if order.changed(*(self.properties - {"Tags"})):
            _put(order, order.physical_id)
        _tag(order, str(order.attributes["Arn"]))

    def read(self, order: Order) -> None:
        order.calls("cloudwatch", "describe_alarms", AlarmNames=[order.physical_id])
        order.calls("cloudwatch", "list_tags_for_resource", ResourceARN=order.attributes["Arn"])

    def delete(self, order: Order) -> None:
        order.calls("cloudwatch", "describe_alarms", AlarmNames=[order.physical_id])
        order.calls("cloudwatch", "delete_alarms", AlarmNames=[order.physical_id])


def _put(order: Order, name: str, **more: Any) -> None:
    given = {key: value for key, value in typed(order.properties).items() if key not in ("AlarmName", "Tags")}
    order.calls("cloudwatch", "put_metric_alarm", AlarmName=name, **given, **more)


def _tag(order: Order, arn: str) -> None:
    if order.tags_to_set():
        order.calls("cloudwatch", "tag_resource", ResourceARN=arn, Tags=tag_list(order.tags_to_set()))
    if order.tags_to_remove():
        order.calls("cloudwatch", "untag_resource", ResourceARN=arn, TagKeys=order.tags_to_remove())


def typed(value: Any, name: str = "") -> Any:
    """Numbers and truths, which templates may have as texts."""
    if isinstance(value, Mapping):
        return {key: typed(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return NUMBERS[name](value) if name in NUMBERS else value


class Dashboard(Kind):
    type = "AWS::CloudWatch::Dashboard"
    properties = frozenset(("DashboardName", "DashboardBody"))
    required = ("DashboardBody",)
    replaced_by = frozenset(("DashboardName",))
    name = "DashboardName"

    def create(self, order: Order) -> None:
        name = order.name("DashboardName")
        # PutDashboard would overwrite a dashboard that is there already.
        if is_there(lambda: order.calls("cloudwatch", "get_dashboard", DashboardName=name)):
            raise self.exists(name)
        self._put(order, name)
        order.physical_id = name

    def update(self, order: Order) -> None:
        self._put(order, order.physical_id)

    def _put(self, order: Order, name: str) -> None:
        body = document(order.properties["DashboardBody"])
        order.calls("cloudwatch", "put_dashboard", DashboardName=name, DashboardBody=body)

    def read(self, order: Order) -> None:
        order.calls("cloudwatch", "get_dashboard", DashboardName=order.physical_id)

    def delete(self, order: Order) -> None:
        order.calls("cloudwatch", "get_dashboard", DashboardName=order.physical_id)
        order.calls("cloudwatch", "delete_dashboards", DashboardNames=[order.physical_id])
