# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS refuses and moto takes, in services of which only a little is used here.

Subjects: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html. Names of log streams:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html. Metrics of one call, and
their dimensions, times and values:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html and API_Dimension.
"""

from __future__ import annotations

import datetime
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend

STREAM_NAME = re.compile(r"[^:*]{1,512}\Z")
SUBJECT = re.compile(r"[!-~][ -~]*\Z")
METRICS, DIMENSIONS = 1000, 30
LARGEST = 2.0**360
# Seconds
OLDEST, NEWEST = 14 * 86400, 2 * 3600


def check_subject(subject: str | None) -> None:
    """
    :raises SNSInvalidParameter: not ASCII, a line break, or a blank at the start.
    """
    if subject is not None and not SUBJECT.match(subject):
        raise SNSInvalidParameter("Invalid parameter: Subject")


def check_stream_name(name: str) -> None:
    """
    :raises InvalidParameterException: a colon or an asterisk, or a length other than 1 to 512.
    """
    if not STREAM_NAME.match(name):
        raise InvalidParameterException(constraint="Member must satisfy regular expression pattern: [^:*]*",
                                        parameter="logStreamName", value=name)  # fmt: skip


def check_metrics(metrics: Sequence[Mapping[str, Any]], now: float | None = None) -> None:
    """
    :param now: in seconds since 1970.
    :raises InvalidParameterValue: too many of them, or one that can't be.
    """
    if len(metrics) > METRICS:
        raise InvalidParameterValue(f"The collection MetricData must not have a size greater than {METRICS}.")
    for number, metric in enumerate(metrics, 1):
        problem = _problem_of(metric, time.time() if now is None else now)
        if problem:
            raise InvalidParameterValue(problem.format(f"MetricData.member.{number}"))


def _problem_of(metric: Mapping[str, Any], now: float) -> str | None:
    dimensions = metric.get("Dimensions") or []
    if len(dimensions) > DIMENSIONS:
        return f"The collection {{}}.Dimensions must not have a size greater than {DIMENSIONS}."
    if not all(str(item.get("Name") or "").strip() and str(item.get("Value") or "").strip() for item in dimensions):
        return "The names and values of {}.Dimensions must not be empty."
    value = float(metric.get("Value") or 0.0)
    if not math.isfinite(value) or abs(value) > LARGEST:
        return f"The value {value} for parameter {{}}.Value is invalid."
    moment = metric.get("Timestamp")
    age = now - moment.timestamp() if isinstance(moment, datetime.datetime) else 0.0
    if not -NEWEST <= age <= OLDEST:
        return "The parameter {}.Timestamp must specify a time within the past two weeks."
    return None


def install() -> None:
    """To be called once."""
    _before(SNSBackend, "publish", lambda message=None, *_rest, **given: check_subject(given.get("subject")))
    _before(LogsBackend, "create_log_stream", lambda _group, log_stream_name: check_stream_name(log_stream_name))
    _before(CloudWatchBackend, "put_metric_data", lambda _namespace, metric_data: check_metrics(metric_data))


def _before(backend: Any, name: str, check: Callable[..., None]) -> None:
    """Let a backend's method begin with a check of its arguments."""
    method = getattr(backend, name)

    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        check(*args, **kwargs)
        return method(self, *args, **kwargs)

    setattr(backend, name, checked)
