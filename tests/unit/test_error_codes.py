# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error code that the modules look for, or the sandbox answers with, is one that AWS has, with its status.

Compared with botocore's service models and the codes that all services have in common (sandbox/error_codes.py).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from sandbox.error_codes import COMMON, modelled, status_of
from sandbox.rds.errors import RdsError

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("plugins", "tests/sandbox")
SERVICES = (
    "rds", "dynamodb", "secretsmanager", "kms", "sns", "sqs", "logs", "cloudwatch", "sts", "iam", "ec2", "s3",
    "application-autoscaling", "cloudformation",
)  # fmt: skip
# Codes that are in no model, and are no error answer of their own in the sandbox.
DOCUMENTED = {
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html: CancellationReasons
    "ConditionalCheckFailed": "dynamodb", "ProvisionedThroughputExceeded": "dynamodb", "ThrottlingError": "dynamodb",
    "TransactionConflict": "dynamodb", "ValidationError": "dynamodb", "None": "dynamodb",
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html: what SDKs retry
    "InternalError": "retry", "RequestThrottled": "retry", "RequestThrottledException": "retry",
    "RequestTimeout": "retry", "TooManyRequestsException": "retry", "InternalServerError": "retry",
    "PriorRequestNotComplete": "retry", "TransactionInProgressException": "retry", "SlowDown": "retry",
    "LimitExceededException": "retry", "EC2ThrottledException": "retry", "BandwidthLimitExceeded": "retry",
    "RequestThrottledByService": "retry", "IDPCommunicationError": "retry", "RequestTimeoutException": "retry",
    # What AWS's SDK for JavaScript takes for a clock that is off: CLOCK_SKEW_ERROR_CODES in aws-sdk-js-v3,
    # packages/service-error-classification/src/constants.ts
    "RequestInTheFuture": "clock", "RequestTimeTooSkewed": "clock",
    # https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html#API_GetTopicAttributes_Errors
    "NotFound": "sns", "InvalidParameter": "sns",
    # https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
    "AlreadyExists": "handlers", "ServiceLimitExceeded": "handlers",
}  # fmt: skip
# They look like codes and are none: botocore's and Python's own errors, statuses, names of the sandbox's.
NO_CODES = frozenset(
    ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError", "Exception",
     "UnauthorizedSSOTokenError", "SSOTokenLoadError", "ProfileNotFound")
)  # fmt: skip
LOOKS_LIKE_A_CODE = re.compile(
    r"[A-Z][A-Za-z0-9]*(Fault|Exception|Exceeded|NotFound|AlreadyExists|AccessDenied\w*|Throttl\w*|Expired\w*)\Z"
)
# Functions that take a code, and where.
TAKES_CODE = {"RdsError": 0, "refuse": 1, "is_boto3_error_code": 0, "Refusal": 0}
REFUSE_DEFAULT = 403


@dataclass(frozen=True)
class Use:
    """A code that a source file uses; status: the one it says, if it says one."""

    code: str
    line: int
    by: str
    status: int | None = None


def uses(source: str, containers: frozenset[str] = frozenset()) -> Iterator[Use]:
    """The error codes in a source file.

    :param containers: names of sets of codes, here or elsewhere.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.Compare) and _is_code(node.left):
            for literal in _literals(node.comparators):
                yield Use(literal.value, literal.lineno, "comparison")
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and _target(node) in containers and node.value is not None:
            for literal in _literals([node.value]):
                yield Use(literal.value, literal.lineno, str(_target(node)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and LOOKS_LIKE_A_CODE.match(node.value):
            yield Use(node.value, node.lineno, "its looks")


def containers_in(source: str) -> Iterator[str]:
    """The names of what codes are looked up in: ``error.code in NAME``, ``NAME.get(error.code)``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and _is_code(node.left):
            yield from (name for name in map(_name, node.comparators) if name)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and node.args
            and any(_is_code(part) for part in ast.walk(node.args[0]))
        ):
            yield from filter(None, [_name(node.func.value)])


def problem(use: Use, services: Iterable[str] = SERVICES) -> str | None:
    """What is wrong with a use, or None."""
    if use.code in NO_CODES or (use.by != "RdsError" and use.code in DOCUMENTED):
        return None
    where = ("rds",) if use.by == "RdsError" else tuple(services)
    statuses = {status for service in where if (status := status_of(use.code, service)) is not None}
    if not statuses:
        return f"AWS has no error code {use.code}"
    if use.status is not None and use.status not in statuses:
        return f"{use.code} has the HTTP status {sorted(statuses)}, not {use.status}"
    if use.by == "RdsError" and use.code not in modelled("rds") and COMMON[use.code] != 400:
        return f"{use.code} would be answered with 400, and has {COMMON[use.code]}"
    return None


def _of_call(node: ast.Call) -> Iterator[Use]:
    by = _name(node.func)
    if by not in TAKES_CODE or len(node.args) <= TAKES_CODE[by]:
        return
    status = None
    if by == "refuse":
        given = [keyword.value for keyword in node.keywords if keyword.arg == "status"] + node.args[3:4]
        said = given[0] if given else ast.Constant(REFUSE_DEFAULT)
        status = said.value if isinstance(said, ast.Constant) and isinstance(said.value, int) else None
    for literal in _literals([node.args[TAKES_CODE[by]]]):
        yield Use(literal.value, literal.lineno, by, status)


def _literals(nodes: Iterable[ast.expr]) -> Iterator[ast.Constant]:
    """Strings, also of both branches of a conditional, of collections, and the keys of dicts."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node
        elif isinstance(node, ast.IfExp):
            yield from _literals([node.body, node.orelse])
        elif isinstance(node, (ast.Tuple, ast.Set, ast.List)):
            yield from _literals(node.elts)
        elif isinstance(node, ast.Dict):
            yield from _literals(key for key in node.keys if key is not None)
        elif isinstance(node, ast.Call) and _name(node.func) in ("frozenset", "set", "tuple"):
            yield from _literals(node.args)
        elif isinstance(node, ast.BinOp):
            yield from _literals([node.left, node.right])


def _is_code(node: ast.AST) -> bool:
    return _name(node) in ("code", "error_code")


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _target(node: ast.Assign | ast.AnnAssign) -> str | None:
    return _name(node.targets[0] if isinstance(node, ast.Assign) else node.target)


def _sources() -> Mapping[Path, str]:
    return {
        path: path.read_text(encoding="utf-8") for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))
    }  # fmt: skip


def test_every_error_code_exists_and_has_its_status() -> None:
    sources = _sources()
    containers = frozenset(name for source in sources.values() for name in containers_in(source)) - {"codes"}
    found = [(path, use) for path, source in sources.items() for use in uses(source, containers)]
    wrong = [
        f"{path.relative_to(ROOT)}:{use.line}: {said} ({use.by})" for path, use in found if (said := problem(use))
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    # It does look at something.
    codes = {use.code for _path, use in found}
    assert {"DBClusterNotFoundFault", "DBInstanceNotFound", "SnapshotQuotaExceeded", "Throttling"} <= codes
    assert {"CLUSTER_GONE", "INSTANCE_GONE", "THROTTLES", "HINTS"} <= containers
    assert len(codes) > 50


MISSPELT = [
    'raise RdsError("DBClusterNotFound", "x")',
    'raise RdsError("SnapshotQuotaExceededFault", "x")',
    'raise RdsError("AccessDenied", "its status is 403")',
    'if error.code == "InvalidDBInstanceStateFault": pass',
    'if error.code in ("DBInstanceNotFound", "DBInstanceNotFond"): pass',
    'GONE = frozenset(("DBClusterNotFoundFalt",))',
    'refuse(call, "AccesDenied", "x")',
    'refuse(call, "AccessDenied", "x", status=400)',
    'refuse(call, "ThrottlingException" if json else "Throttlin", "x", status=400)',
    'refuse(call, "ThrottlingException", "x")',
    '@pytest.mark.x\ndef f(): return is_boto3_error_code("ResourceNotFond")',
    'x = "DBClusterNotFuondFault"',
]


@pytest.mark.parametrize("source", MISSPELT)
def test_a_misspelt_code_or_a_wrong_status_is_found(source: str) -> None:
    containers = frozenset(containers_in("if error.code in api.GONE: pass"))
    assert containers == {"GONE"}
    assert [problem(use) for use in uses(source, containers) if problem(use)]


def test_right_codes_pass() -> None:
    source = """
GONE = frozenset(("DBClusterNotFoundFault", "DBInstanceNotFound"))
if error.code in GONE or error.code == "KMSKeyNotAccessibleFault" or status == "available":
    raise RdsError("InvalidParameterCombination", "Not a code")
refuse(call, "AuthFailure", "x", status=401)
refuse(call, "AccessDeniedException" if call.protocol == "json" else "AccessDenied", "x")
"""
    found = list(uses(source, frozenset(containers_in(source))))
    assert {use.code for use in found} == {
        "DBClusterNotFoundFault", "DBInstanceNotFound", "KMSKeyNotAccessibleFault", "InvalidParameterCombination",
        "AuthFailure", "AccessDeniedException", "AccessDenied",
    }  # fmt: skip
    assert not [problem(use) for use in found if problem(use)]


def test_an_error_with_an_unknown_code_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="DBClusterNotFound"):
        RdsError("DBClusterNotFound", "x")
    assert not issubclass(RdsError, ClientError)
