# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's AWS within this process, behind its gateway, with the policies of IAM in force."""

from __future__ import annotations

import contextlib
import functools
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from in_process import ACCOUNT, ENDPOINT, HOME, Aws
from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sts.models import sts_backends
from sandbox.gateway.application import Gateway
from sandbox.gateway.journal import Journal
from sandbox.gateway.server import moto_application, regions
from sandbox.iam import install
from sandbox.iam.authorizer import Authorizer
from werkzeug.test import EnvironBuilder, run_wsgi_app

Keys = tuple[str, str, str | None]


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: Any, **more: Any) -> str:
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


@functools.cache
def _moto() -> Any:
    return moto_application()


class Guarded(Aws):
    """``user`` and ``role`` make users and roles, ``as_user`` a client of theirs, whose calls pass the gateway.

    The clients of the base class are the operator's, who is not asked.
    """

    def __init__(self, folder: Path, enabled: bool = True) -> None:
        super().__init__()
        install.install()
        for backends in (secretsmanager_backends, sns_backends, sts_backends):
            backends.clear()
        journal = Journal(folder / "calls.jsonl")
        self._gateway = Gateway(_moto(), journal, {}, regions(), authorizer=Authorizer(enabled))

    def close(self) -> None:
        super().close()
        for account in iam_backends:
            iam = iam_backends[account]["aws"]
            for name in [name for name in iam.users if not name.startswith("operator")]:
                del iam.users[name]
            iam.roles.clear()
            iam.groups.clear()
            for arn in [arn for arn in iam.managed_policies if f"::{account}:" in arn]:
                del iam.managed_policies[arn]

    def iam(self, account: str = ACCOUNT) -> Any:
        return self.client("iam", "us-east-1", account)

    def user(self, name: str, *statements: dict[str, Any], account: str = ACCOUNT) -> Keys:
        iam = self.iam(account)
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"], None

    def role(self, name: str, trusting: str, *statements: dict[str, Any], account: str = ACCOUNT, **more: Any) -> str:
        iam = self.iam(account)
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting, **more)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return str(arn)

    def assume(self, keys: Keys, role: str, **more: Any) -> Keys:
        answer = self.as_user(keys, "sts").assume_role(RoleArn=role, RoleSessionName="nightly", **more)["Credentials"]
        return answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]

    def as_user(self, keys: Keys, service: str, region: str = HOME) -> Any:
        made = boto3.client(
            service, region_name=region, aws_access_key_id=keys[0], aws_secret_access_key=keys[1],
            aws_session_token=keys[2], endpoint_url=ENDPOINT, config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip
        made.meta.events.register("before-send", self._through_the_gateway)
        return made

    def _through_the_gateway(self, request: Any, **_context: Any) -> AWSResponse:
        body = request.body or b""
        given = {name: text if isinstance(text, str) else text.decode() for name, text in request.headers.items()}
        builder = EnvironBuilder(
            request.url.removeprefix(ENDPOINT), ENDPOINT, method=request.method, headers=given,
            input_stream=io.BytesIO(body.encode() if isinstance(body, str) else body),
        )  # fmt: skip
        answer, status, headers = run_wsgi_app(self._gateway, builder.get_environ(), buffered=True)
        response = AWSResponse(request.url, int(status.split()[0]), dict(headers), None)
        response._content = b"".join(answer)
        return response


@contextlib.contextmanager
def refused(code: str, text: str = "", status: int | None = None) -> Iterator[None]:
    """The call in the block is refused with that error code, a message with that text, and HTTP status."""
    with pytest.raises(ClientError) as caught:
        yield
    response = caught.value.response
    assert response["Error"]["Code"] == code, response["Error"]
    assert text in response["Error"]["Message"], response["Error"]["Message"]
    assert status is None or response["ResponseMetadata"]["HTTPStatusCode"] == status
