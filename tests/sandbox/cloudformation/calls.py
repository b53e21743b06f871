# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that CloudFormation makes in the name of who called it: a forward access session.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html: the principal is the caller's,
aws:ViaAWSService is true and aws:CalledVia says cloudformation.amazonaws.com. The calls go through the sandbox's
gateway like any others, within this process, so that policies, faults and the journal know them. What no HTTP request
can have, an entry of the WSGI environment without the prefix HTTP_, tells that the signature is not to be checked.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from werkzeug.test import EnvironBuilder, run_wsgi_app

from sandbox.cloudformation.errors import ResourceError
from sandbox.gateway.wire import VIA

Wsgi = Callable[..., Iterable[bytes]]
PRINCIPAL = "cloudformation.amazonaws.com"
ENDPOINT = "http://sandbox.invalid"
ATTEMPTS = 4
# HandlerErrorCodes (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html)
# by the codes of the services' errors.
HANDLER_CODES = {
    "AccessDenied": ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"),
    "AlreadyExists": ("AlreadyExistsException", "EntityAlreadyExists", "ResourceAlreadyExistsException",
                      "QueueNameExists"),
    "NotFound": ("NotFound", "NotFoundException", "NoSuchEntity", "ResourceNotFoundException", "ResourceNotFound",
                 "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "DashboardNotFoundError"),
    "ServiceLimitExceeded": ("LimitExceeded", "LimitExceededException"),
    "Throttling": ("Throttling", "ThrottlingException", "RequestLimitExceeded"),
    "ResourceConflict": ("DeleteConflict", "ResourceInUseException", "OperationAbortedException"),
    "ServiceInternalError": ("InternalFailure", "InternalServerError", "ServiceUnavailable"),
}  # fmt: skip
BY_SERVICE_CODE = {code: handler for handler, codes in HANDLER_CODES.items() for code in codes}


class CallError(ResourceError):
    """A service has refused a call.

    :param service_code: of the service's answer.
    """

    def __init__(self, service_code: str, message: str) -> None:
        super().__init__(BY_SERVICE_CODE.get(service_code, "InvalidRequest"), message)
        self.service_code = service_code


@dataclass(frozen=True)
class Identity:
    """In whose name, and where."""

    access_key: str
    account: str
    region: str


class Calls:
    """
    :param application: the gateway, or moto itself.
    :param url: under which the sandbox is reached; some answers have it.
    """

    # How many have succeeded that change something.
    writes = 0

    def __init__(self, application: Wsgi, identity: Identity, url: str) -> None:
        self._application = application
        self._url = url
        self.identity = identity

    def __call__(self, service: str, action: str, **parameters: Any) -> dict[str, Any]:
        """
        :param action: the name of boto3's method; what is None among the parameters is left out.
        :raises CallError: it is refused.
        """
        region = "us-east-1" if service == "iam" else self.identity.region
        method = getattr(_client(service, region), action)
        token = _current.set(self)
        try:
            answer = dict(method(**{name: value for name, value in parameters.items() if value is not None}))
            self.writes += not action.startswith(("describe_", "get_", "list_"))
            return answer
        except ClientError as error:
            told = error.response["Error"]
            raise CallError(told["Code"], _words(error)) from error
        finally:
            _current.reset(token)

    def send(self, request: Any, service: str) -> AWSResponse:
        """What botocore would send over the network."""
        body = request.body or b""
        headers = {name: item if isinstance(item, str) else item.decode() for name, item in request.headers.items()}
        region = "us-east-1" if service == "iam" else self.identity.region
        headers.pop("Host", None)
        headers["User-Agent"] = PRINCIPAL
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.identity.access_key}/20260101/{region}/{service}/aws4_request, "
            "SignedHeaders=host, Signature=forwarded"
        )
        builder = EnvironBuilder(
            _path(request.url), self._url, method=request.method, headers=headers,
            input_stream=io.BytesIO(body.encode() if isinstance(body, str) else body),
            environ_overrides={VIA: PRINCIPAL},
        )  # fmt: skip
        try:
            answer, status, told = run_wsgi_app(self._application, builder.get_environ(), buffered=True)
        except ConnectionError as error:  # a fault closes the connection
            raise ConnectionClosedError(endpoint_url=request.url) from error
        response: Any = AWSResponse(request.url, int(status.split()[0]), cast(Any, dict(told)), None)
        response._content = b"".join(answer)
        return cast(AWSResponse, response)


_current: ContextVar[Calls] = ContextVar("calls")


@functools.cache
def _client(service: str, region: str) -> Any:
    """A client for everybody: whose calls they are is said by each."""
    config = Config(
        signature_version=UNSIGNED, retries={"total_max_attempts": ATTEMPTS, "mode": "standard"}
    )  # fmt: skip
    made: Any = boto3.client(
        service, region_name=region, endpoint_url=ENDPOINT, config=config,  # type: ignore[call-overload]
    )  # fmt: skip
    name = made.meta.service_model.signing_name
    made.meta.events.register("before-send", lambda request, **_context: _current.get().send(request, name))
    return made


def _path(url: str) -> str:
    """Without scheme and host. A queue's URL, which boto3 calls, has those of the sandbox."""
    return "/" + url.partition("://")[2].partition("/")[2]


def _words(error: ClientError) -> str:
    """As SDKs write it, which is what handlers pass on."""
    told, meta = error.response["Error"], error.response["ResponseMetadata"]
    return f"{told['Message']} (Status Code: {meta['HTTPStatusCode']}, Error Code: {told['Code']})"
