# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS refuses and moto takes, in services of which only a little is used here.

Subjects: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html. Names of log streams:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html. Metrics of one call, and
their dimensions: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html. And moto's
GetSecretValue stays with the version that had AWSCURRENT before UpdateSecretVersionStage; for a secret that is not
there it has 404 instead of 400
(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend
from moto.secretsmanager import exceptions
from moto.secretsmanager.models import SecretsManagerBackend
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend

STREAM_NAME = re.compile(r"[^:*]{1,512}\Z")
SUBJECT = re.compile(r"[!-~][ -~]*\Z")
METRICS, DIMENSIONS = 1000, 30


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


def check_metrics(metrics: Sequence[Mapping[str, Any]]) -> None:
    """
    :raises InvalidParameterValue: too many of them, or of a metric's dimensions.
    """
    if len(metrics) > METRICS:
        raise InvalidParameterValue(f"The collection MetricData must not have a size greater than {METRICS}.")
    for number, metric in enumerate(metrics, 1):
        if len(metric.get("Dimensions") or []) > DIMENSIONS:
            raise InvalidParameterValue(
                f"The collection MetricData.member.{number}.Dimensions must not have a size greater than {DIMENSIONS}."
            )


def install() -> None:
    """To be called once."""
    _before(SNSBackend, "publish", lambda message=None, *_rest, **given: check_subject(given.get("subject")))
    _before(LogsBackend, "create_log_stream", lambda _group, log_stream_name: check_stream_name(log_stream_name))
    _before(CloudWatchBackend, "put_metric_data", lambda _namespace, metric_data: check_metrics(metric_data))
    move = SecretsManagerBackend.update_secret_version_stage

    def move_and_look_there(
        backend: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
    ) -> Any:
        answer = move(backend, secret_id, version_stage, remove_from_version_id, move_to_version_id)
        if version_stage == "AWSCURRENT" and move_to_version_id:
            backend.secrets[secret_id].set_default_version_id(move_to_version_id)
        return answer

    SecretsManagerBackend.update_secret_version_stage = move_and_look_there
    for error in (exceptions.ResourceNotFoundException, exceptions.SecretNotFoundException,
                  exceptions.SecretHasNoValueException):  # fmt: skip
        _answer_400(error)


def _before(backend: Any, name: str, check: Callable[..., None]) -> None:
    """Let a backend's method begin with a check of its arguments."""
    method = getattr(backend, name)

    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        check(*args, **kwargs)
        return method(self, *args, **kwargs)

    setattr(backend, name, checked)


def _answer_400(error: Any) -> None:
    make = error.__init__

    def make_with_400(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        self.code = 400

    error.__init__ = make_with_400
