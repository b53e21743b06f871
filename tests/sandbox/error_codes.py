# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error codes that AWS has, with their HTTP statuses; a code that is not here is a misspelling.

What botocore's service models list, and what all services have in common. The latter is documented at
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html (query protocol),
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html (JSON protocol),
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (EC2) and
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (S3); codes that were only seen say so.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from botocore.model import ServiceModel
from botocore.session import get_session

COMMON: Mapping[str, int] = {
    "AccessDenied": 403,  # seen from query services
    "AccessDeniedException": 403,
    "AuthFailure": 401,  # EC2
    "ExpiredToken": 403,  # query
    "ExpiredTokenException": 403,
    "IncompleteSignature": 403,
    "InternalFailure": 500,
    "InvalidAccessKeyId": 403,  # S3
    "InvalidAction": 400,
    "InvalidClientTokenId": 403,
    "InvalidParameterCombination": 400,
    "InvalidParameterValue": 400,
    "InvalidQueryParameter": 400,
    "InvalidSignatureException": 403,  # JSON
    "MalformedQueryString": 404,
    "MissingAction": 400,
    "MissingAuthenticationToken": 403,
    "MissingAuthenticationTokenException": 403,  # JSON
    "MissingParameter": 400,
    "NotAuthorized": 401,
    "NotImplemented": 501,  # S3; here for whatever the sandbox does not have
    "OptInRequired": 403,
    "RequestExpired": 400,
    "RequestLimitExceeded": 503,  # EC2, and seen from others
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,  # S3
    "Throttling": 400,  # seen from RDS
    "ThrottlingException": 400,
    "UnauthorizedOperation": 403,  # EC2
    "UnrecognizedClientException": 403,
    "ValidationError": 400,
}
# Where a service has another status for a common code.
OTHERWISE: Mapping[str, Mapping[str, int]] = {"s3": {"ExpiredToken": 400}}


@functools.cache
def modelled(service: str) -> Mapping[str, int]:
    """The codes of a service's model, with their statuses."""
    model: ServiceModel = get_session().get_service_model(service)
    json = model.metadata.get("protocol") != "query"
    codes = {}
    for shape in model.error_shapes:
        details = shape.metadata.get("error", {})
        # In JSON the name of the shape is the code, whatever the model says besides.
        codes[shape.name if json else str(details.get("code", shape.name))] = int(details.get("httpStatusCode", 400))
    return codes


def status_of(code: str, service: str = "rds") -> int | None:
    """The HTTP status of an error code of that service, or None for a code that does not exist."""
    return {**COMMON, **OTHERWISE.get(service, {}), **modelled(service)}.get(code)
