# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that refuse a request before it reaches a service, in the service's own protocol."""

from __future__ import annotations

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

from sandbox.gateway.wire import Call

REQUEST_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Refusal:
    """An HTTP answer."""

    code: str
    status: int
    content_type: str
    body: bytes


def unknown_access_key(call: Call) -> Refusal:
    """The access key does not exist, as each protocol says it."""
    message = "The security token included in the request is invalid."
    if call.service == "ec2":
        return refuse(call, "AuthFailure", "AWS was not able to validate the provided access credentials", status=401)
    if call.service == "s3":
        return refuse(call, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    return refuse(call, "UnrecognizedClientException" if call.protocol == "json" else "InvalidClientTokenId", message)


def wrong_signature(call: Call, message: str | None = None) -> Refusal:
    """The access key exists, but the request is not signed with its secret key, or not now.

    :param message: what is wrong with its time. EC2 does not tell: https://github.com/hashicorp/packer/issues/3140.
    """
    message = message or (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )
    if call.service == "ec2":
        return refuse(call, "AuthFailure", "AWS was not able to validate the provided access credentials", status=401)
    return refuse(call, "InvalidSignatureException" if call.protocol == "json" else "SignatureDoesNotMatch", message)


def no_credentials(call: Call) -> Refusal:
    """The request is not signed."""
    if call.protocol == "json":
        return refuse(call, "MissingAuthenticationTokenException", "Missing Authentication Token")
    return refuse(call, "MissingAuthenticationToken", "Request is missing Authentication Token")


def expired_token(call: Call) -> Refusal:
    """The credentials have expired.

    JSON as in https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html; the code of RDS and other
    query services as in https://github.com/aws-controllers-k8s/community/issues/2435; EC2's as in
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
    """
    message = "The security token included in the request is expired"
    if call.service == "ec2":
        return refuse(call, "RequestExpired", "Request has expired.", status=400)
    if call.service == "s3":
        return refuse(call, "ExpiredToken", "The provided token has expired.", status=400)
    return refuse(call, "ExpiredTokenException" if call.protocol == "json" else "ExpiredToken", message)


# Where it is not Throttling (query) or ThrottlingException (JSON): code, status.
TOO_MANY = {
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    "ec2": ("RequestLimitExceeded", 503),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    "s3": ("SlowDown", 503),
}


def too_many_calls(call: Call) -> Refusal:
    """More calls than are allowed in a second."""
    usual = "Throttling" if call.protocol == "query" else "ThrottlingException"
    code, status = TOO_MANY.get(call.service, (usual, 400))
    return refuse(call, code, "Rate exceeded", status)


def unknown_region(call: Call) -> Refusal:
    """The region does not exist. (With AWS itself the endpoint's name would not resolve.)"""
    message = f"Credential should be scoped to a valid region, not '{call.region}'."
    return refuse(call, "InvalidSignatureException" if call.protocol == "json" else "SignatureDoesNotMatch", message)


def internal_failure(call: Call) -> Refusal:
    """The sandbox itself has failed; its log says why."""
    return refuse(call, "InternalFailure", "The sandbox failed to answer this call; see its log.", status=500)


def not_implemented(call: Call) -> Refusal:
    return refuse(
        call, "NotImplemented", f"The sandbox has no {call.action} of {call.service or 'this service'}.", status=501
    )


def refuse(call: Call, code: str, message: str, status: int = 403) -> Refusal:
    """An error answer in the protocol of the call."""
    if call.protocol == "json" or (call.protocol == "rest" and call.service != "s3"):
        body = json.dumps({"__type": code, "message": message})
        return Refusal(code, status, "application/x-amz-json-1.1", body.encode())
    text = escape(message)
    if call.service == "ec2":
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors>"
            f"<RequestID>{REQUEST_ID}</RequestID></Response>"
        )
    elif call.service == "s3":
        body = f"<Error><Code>{code}</Code><Message>{text}</Message><RequestId>{REQUEST_ID}</RequestId></Error>"
    else:
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error>"
            f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        )
    return Refusal(code, status, "text/xml", body.encode())
