# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of botocore become ours: by code, with what to do next."""

from __future__ import annotations

import boto3
import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils import _aws
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    Denied,
    RestoreError,
    Throttled,
    Unreachable,
)
from botocore.config import Config
from botocore.stub import Stubber


@pytest.fixture
def rds():
    return boto3.client(
        "rds", region_name="us-west-2", aws_access_key_id="AKIATEST", aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


@_aws.aws_call("DescribeDBClusters")
def describe(client, cluster_id):
    return client.describe_db_clusters(DBClusterIdentifier=cluster_id)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("Throttling", 400, Throttled),
        ("ThrottlingException", 400, Throttled),
        ("RequestLimitExceeded", 503, Throttled),
        ("InternalFailure", 500, Unreachable),
        ("ServiceUnavailable", 503, Unreachable),
        ("ExpiredTokenException", 403, Denied),
        ("AccessDeniedException", 403, Denied),
        ("AccessDenied", 403, Denied),
        ("InvalidClientTokenId", 403, Denied),
        ("DBClusterNotFoundFault", 404, AwsError),
        ("DBClusterQuotaExceededFault", 403, AwsError),
    ],
)
def test_codes(rds, code, status, kind):
    with Stubber(rds) as stub:
        stub.add_client_error("describe_db_clusters", code, "said so", status)
        with pytest.raises(AwsError) as caught:
            describe(rds, "shop-staging")
    error = caught.value
    assert error.__class__ is kind
    assert (error.code, error.http_status, error.action, error.resource) == (
        code, status, "DescribeDBClusters", "shop-staging",
    )  # fmt: skip
    assert str(error).startswith(f"DescribeDBClusters failed on shop-staging: {code}: said so.")


def test_expired_credentials_say_so_and_that_a_rerun_helps(rds):
    with Stubber(rds) as stub:
        stub.add_client_error("describe_db_clusters", "ExpiredToken", "expired", 403)
        with pytest.raises(Denied, match="renew them, then run the same command again"):
            describe(rds, "c")


def test_unreachable_endpoint():
    client = boto3.client(
        "rds", region_name="us-west-2", endpoint_url="http://127.0.0.1:9", aws_access_key_id="AKIATEST",
        aws_secret_access_key="x", config=Config(retries={"total_max_attempts": 1}, connect_timeout=2),
    )  # fmt: skip
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        describe(client, "c")


def test_a_parameter_that_the_api_does_not_have(rds):
    @_aws.aws_call("DescribeDBClusters")
    def wrong(client, cluster_id):
        return client.describe_db_clusters(ClusterName=cluster_id)

    with pytest.raises(RestoreError, match="ClusterName"):
        wrong(rds, "c")


def test_to_dict_is_what_the_state_table_holds():
    error = AwsError("Copy failed", code="X", resource="r", action="A", hint="Do this.", resumes=False)
    assert error.to_dict() == {
        "kind": "aws", "message": "Copy failed. Do this.", "resource": "r", "code": "X", "action": "A",
        "resumes": False,
    }  # fmt: skip
