# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The adapter to amazon.aws and botocore: sessions, retries, error translation. Nothing else imports them.

Uses only what amazon.aws 10.1 and 11 share.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.botocore import boto3_inventory_conn, get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._clock import clock_hint
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    BadInput,
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
     "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure", "OptInRequired",
     "IncompleteSignature", "RequestTimeTooSkewed", "RequestInTheFuture", "MissingAuthenticationToken",
     "MissingAuthenticationTokenException")
)  # fmt: skip
# botocore's own errors, by the name of a class of theirs, when there is nothing to sign with; and what helps.
NO_CREDENTIALS = {
    "NoCredentialsError": "Give credentials: aurora_restore_aws (profile or keys) or the environment.",
    "PartialCredentialsError": "Give credentials: aurora_restore_aws (profile or keys) or the environment.",
    "ProfileNotFound": "Correct aurora_restore_aws.profile, or AWS's configuration files.",
    "CredentialRetrievalError": "Mend the source of the credentials, then run the same command again.",
    "TokenRetrievalError": "Log in again (aws sso login), then run the same command again.",
    "SSOError": "Log in again (aws sso login), then run the same command again.",
    "LoginError": "Log in again (aws login), then run the same command again.",
    "RuntimeError": "Renew them at their source, or set this machine's clock, then run the same command again.",
}
# What get_aws_connection_info calls the options that say who calls.
CREDENTIAL_OPTIONS = frozenset(("profile_name", "aws_access_key_id", "aws_secret_access_key", "aws_session_token"))
# Text of the one RuntimeError that counts.
STILL_EXPIRED = "refreshed credentials are still expired"


def make_client(
    module: Any,
    service: str,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    user_agent: str = "",
    attempts: int = 6,
    before_send: Callable[[], None] | None = None,
) -> Client:
    """A client of the module's connection options, which aws_call renews when its credentials have expired.

    :param region: another region than the module's own.
    :param endpoint_url: another endpoint than the module's own.
    :param user_agent: appended to the user agent, so that CloudTrail shows the operation and fence of each call.
    :param attempts: HTTP attempts in all; 1 for calls that destroy something (a hidden second attempt could land after
        the lease was lost).
    :param before_send: called right before the bytes of each attempt leave, but of a Describe; what it raises comes out
        of the call as it is, and nothing is sent.
    """
    config = {
        "retries": {"mode": "standard", "total_max_attempts": attempts},
        "user_agent_extra": ("aurora-restore " + user_agent).strip(),
        "connect_timeout": 10,
        "read_timeout": 60,
    }

    role_arn = module.params.get("assume_role_arn")

    def make() -> Client:
        own_region, own_endpoint, options = get_aws_connection_info(module)
        if role_arn:
            sts = _connect(resource="sts", region=own_region, endpoint=own_endpoint, config=config, **options)
            options = _without_credentials(options) | assumed(sts, role_arn)
        client = _connect(
            resource=service,
            region=region or own_region,
            endpoint=endpoint_url or own_endpoint,
            config=config,
            **options,
        )
        if before_send:
            client.meta.events.register_first("before-send", functools.partial(_before_send, before_send))
        return client

    return Renewable(make)


def _connect(**options: Any) -> Client:
    """As module.client does it, but errors can be caught: those are raised, and that one ends the module."""
    try:
        with translated("Connecting to AWS", None):
            return boto3_inventory_conn(conn_type="client", **options)
    except ValueError as error:
        raise BadInput(f"Connecting to AWS failed: {error}", hint="Check aurora_restore_aws.") from error


# Of this process, by role: a module makes several clients, and one session does for all of them.
_sessions: dict[str, dict[str, str]] = {}


def assumed(sts: Client, role_arn: str) -> dict[str, str]:
    """Credentials of a session of the role, as botocore's clients take them.

    They end after an hour at most when the caller's are a role's, too. The call that is refused then begins a new
    session, as with all credentials (see ``aws_call``).
    """
    if role_arn not in _sessions:
        keys = assume_role(sts, role_arn)["Credentials"]
        _sessions[role_arn] = {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }
    return _sessions[role_arn]


def _without_credentials(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in CREDENTIAL_OPTIONS}


class Renewable:
    """A botocore client that can be made anew.

    botocore refreshes what knows when it expires (assumed roles, instance metadata, SSO, processes). Session tokens in
    a credentials file that another program rewrites don't: they are read when a client is made, and never again.
    """

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = make
        self._client = make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def renew(self) -> None:
        """Read the credentials again, wherever they are from."""
        _sessions.clear()
        self._client = self._make()


def _before_send(check: Callable[[], None], event_name: str, **_event: Any) -> None:
    """Reads need no check: they make the connection over which the call that is checked then leaves at once."""
    if not event_name.rpartition(".")[2].startswith("Describe"):
        check()


def aws_call(action: str, resource_key: str | None = None) -> Callable[[F], F]:
    """Decorates the one small function that makes one AWS call: botocore's errors become ours.

    A call that is refused because the credentials have expired is made once more, with the credentials that there are
    now. AWS did nothing the first time, so that is safe for every call.

    :param action: the API action, as AWS spells it ("CopyDBClusterSnapshot").
    :param resource_key: the keyword argument that names the resource, for messages; without it the first
        positional argument after the client.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapped(client: Client, *args: Any, **kwargs: Any) -> Any:
            resource = kwargs.get(resource_key) if resource_key else (args[0] if args else None)
            with translated(action, str(resource) if resource else None):
                try:
                    return function(client, *args, **kwargs)
                except boto_errors.ClientError as error:
                    if code_of(error) not in EXPIRED or not isinstance(client, Renewable):
                        raise
                client.renew()
                return function(client, *args, **kwargs)

        return wrapped  # type: ignore[return-value]

    return decorate


@aws_call("AssumeRole")
def assume_role(sts: Client, role_arn: str) -> dict[str, Any]:
    """A session of an hour, the default of AWS, whatever the maximum of the role."""
    return dict(sts.assume_role(RoleArn=role_arn, RoleSessionName="aurora-restore"))


@contextlib.contextmanager
def translated(action: str, resource: str | None) -> Iterator[None]:
    """Whatever botocore raises within, as ours."""
    try:
        yield
    except boto_errors.ClientError as error:
        raise translate_client_error(error, action, resource) from error
    except boto_errors.BotoCoreError as error:
        raise translate_core_error(error, action, resource) from error
    except ResponseParserError as error:
        raise translate_garbled(error, action, resource) from error
    except RuntimeError as error:
        if STILL_EXPIRED not in str(error):
            raise
        raise translate_core_error(error, action, resource) from error


def code_of(error: Any) -> str:
    """AWS's code of an error answer."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def translate_client_error(error: Any, action: str, resource: str | None) -> AwsError:
    """An error answer of AWS as ours, by its code."""
    response = error.response
    code = code_of(error)
    text = str(response.get("Error", {}).get("Message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    called = str(getattr(error, "operation_name", action))  # AssumeRole, when that is what fails on the way
    cause = f": {called}" if called != action else ""
    message = f"{action} failed" + (f" on {resource}" if resource else "") + f"{cause}: {code}: {text}".rstrip(": ")
    known: dict[str, Any] = {
        "aws_message": text, "http_status": status, "code": code, "action": action, "resource": resource
    }  # fmt: skip
    if code in THROTTLES:
        return Throttled(message, hint="AWS asks to slow down: run the same command again.", **known)
    if code in TRANSIENT:
        return Unreachable(message, hint="AWS had an internal error: run the same command again.", **known)
    wrong_clock = clock_hint(response, datetime.now(timezone.utc))
    if wrong_clock:
        return Denied(message, hint=wrong_clock, **known)
    if code in EXPIRED:
        return Denied(
            message, hint="The credentials have expired: renew them, then run the same command again.", **known
        )
    if code in DENIED or (status in (401, 403) and code.lower().startswith(("access", "auth", "unauthor"))):
        return Denied(
            message, hint=f"Check the credentials in aurora_restore_aws, and that they may call {called}.", **known
        )
    return AwsError(message, **known)


def translate_core_error(error: Any, action: str, resource: str | None) -> RestoreError:
    """An error of the SDK itself (no credentials, no route, bad parameters) as ours."""
    text = " ".join(str(error).split())  # of processes, several lines
    message = f"{action} failed" + (f" on {resource}" if resource else "") + f": {text}"
    known: dict[str, Any] = {"code": type(error).__name__, "action": action, "resource": resource}
    for kind in type(error).__mro__:
        if kind.__name__ in NO_CREDENTIALS:
            return Denied(message, hint=NO_CREDENTIALS[kind.__name__], **known)
    if isinstance(error, boto_errors.SSLError) and "CERTIFICATE_VERIFY_FAILED" in message:
        hint = "Check aurora_restore_aws.aws_ca_bundle, and that this machine's clock is right; a re-run goes on."
        return Unreachable(message, hint=hint, **known)
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
