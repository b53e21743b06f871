# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The adapter to amazon.aws and botocore: sessions, retries, error translation. Nothing else imports them.

Uses only what amazon.aws 10.1 and 11 share.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    Denied,
    RestoreError,
    Throttled,
    Unreachable,
)

try:
    from botocore import exceptions as boto_errors
    from botocore.parsers import ResponseParserError
except ImportError:  # AnsibleAWSModule says so in words that an operator can act on
    boto_errors = None  # type: ignore[assignment]

__all__ = [
    "AnsibleAWSModule",
    "Client",
    "ansible_dict_to_boto3_tag_list",
    "aws_call",
    "boto3_tag_list_to_ansible_dict",
    "camel_dict_to_snake_dict",
    "make_client",
    "paginate",
]

Client = Any  # botocore builds its client classes at run time
F = TypeVar("F", bound=Callable[..., Any])

# Seen in the wild and in the documentation; RDS has used all of the first three.
THROTTLES = frozenset(
    ("Throttling", "ThrottlingException", "RequestLimitExceeded", "ProvisionedThroughputExceededException",
     "TooManyRequestsException", "RequestThrottled", "RequestThrottledException")
)  # fmt: skip
TRANSIENT = frozenset(
    ("InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable", "RequestTimeout")
)
EXPIRED = frozenset(("ExpiredToken", "ExpiredTokenException", "RequestExpired"))
DENIED = frozenset(
    ("AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation", "UnrecognizedClientException",
     "InvalidClientTokenId", "SignatureDoesNotMatch", "AuthFailure", "OptInRequired", "IncompleteSignature")
)  # fmt: skip
# Of botocore's own errors: nothing to sign with.
NO_CREDENTIALS = frozenset(
    ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError",
     "UnauthorizedSSOTokenError", "SSOTokenLoadError")
)  # fmt: skip


def make_client(
    module: Any,
    service: str,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    user_agent: str = "",
    attempts: int = 6,
) -> Client:
    """A client of the module's connection options.

    :param region: another region than the module's own.
    :param endpoint_url: another endpoint than the module's own.
    :param user_agent: appended to the user agent, so that CloudTrail shows the operation and fence of each call.
    :param attempts: HTTP attempts in all; 1 for calls that destroy something (a hidden second attempt could land after
        the lease was lost).
    """
    config = {
        "retries": {"mode": "standard", "total_max_attempts": attempts},
        "user_agent_extra": ("aurora-restore " + user_agent).strip(),
        "connect_timeout": 10,
        "read_timeout": 60,
    }
    extra: dict[str, Any] = {"config": config}
    if region:
        extra["region"] = region
    if endpoint_url:
        extra["endpoint"] = endpoint_url
    return module.client(service, **extra)


def aws_call(action: str, resource_key: str | None = None) -> Callable[[F], F]:
    """Decorates the one small function that makes one AWS call: botocore's errors become ours.

    :param action: the API action, as AWS spells it ("CopyDBClusterSnapshot").
    :param resource_key: the keyword argument that names the resource, for messages; without it the first
        positional argument after the client.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapped(client: Client, *args: Any, **kwargs: Any) -> Any:
            resource = kwargs.get(resource_key) if resource_key else (args[0] if args else None)
            try:
                return function(client, *args, **kwargs)
            except boto_errors.ClientError as error:
                raise translate_client_error(error, action, str(resource) if resource else None) from error
            except boto_errors.BotoCoreError as error:
                raise translate_core_error(error, action, str(resource) if resource else None) from error
            except ResponseParserError as error:
                raise translate_garbled(error, action, str(resource) if resource else None) from error

        return wrapped  # type: ignore[return-value]

    return decorate


def translate_client_error(error: Any, action: str, resource: str | None) -> AwsError:
    """An error answer of AWS as ours, by its code."""
    response = error.response
    code = str(response.get("Error", {}).get("Code", "Unknown"))
    text = str(response.get("Error", {}).get("Message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    message = f"{action} failed" + (f" on {resource}" if resource else "") + f": {code}: {text}".rstrip(": ")
    known: dict[str, Any] = {
        "aws_message": text, "http_status": status, "code": code, "action": action, "resource": resource
    }  # fmt: skip
    if code in THROTTLES:
        return Throttled(message, hint="AWS asks to slow down: run the same command again.", **known)
    if code in TRANSIENT:
        return Unreachable(message, hint="AWS had an internal error: run the same command again.", **known)
    if code in EXPIRED:
        return Denied(
            message, hint="The credentials have expired: renew them, then run the same command again.", **known
        )
    if code in DENIED or (status in (401, 403) and code.lower().startswith(("access", "auth", "unauthor"))):
        return Denied(
            message, hint=f"Check the credentials in aurora_restore_aws, and that they may call {action}.", **known
        )
    return AwsError(message, **known)


def translate_core_error(error: Any, action: str, resource: str | None) -> RestoreError:
    """An error of the SDK itself (no credentials, no route, bad parameters) as ours."""
    message = f"{action} failed" + (f" on {resource}" if resource else "") + f": {error}"
    known: dict[str, Any] = {"code": type(error).__name__, "action": action, "resource": resource}
    if type(error).__name__ in NO_CREDENTIALS:
        return Denied(
            message, hint="Give credentials: aurora_restore_aws (profile or keys) or the environment.", **known
        )
    if isinstance(error, (boto_errors.ConnectionError, boto_errors.HTTPClientError)):
        hint = "Check the network, the region and aurora_restore_aws.endpoint_url; a re-run goes on."
        return Unreachable(message, hint=hint, **known)
    return RestoreError(message, **known)


def translate_garbled(error: Exception, action: str, resource: str | None) -> Unreachable:
    """An answer that is none of AWS's, mostly the error page of something in between, as ours."""
    return Unreachable(
        f"{action} failed" + (f" on {resource}" if resource else "") + ": the answer is not one of AWS",
        code=type(error).__name__,
        action=action,
        resource=resource,
        hint="Check proxies and aurora_restore_aws.endpoint_url; a re-run goes on.",
    )


def paginate(client: Client, operation: str, key: str, **params: Any) -> Iterator[Mapping[str, Any]]:
    """All items of a paginated Describe or List call."""
    for page in client.get_paginator(operation).paginate(**params):
        yield from page[key]
