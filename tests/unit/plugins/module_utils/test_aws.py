# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of botocore become ours, by code, with what to do next; clients renew credentials that have expired."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.dbops.aurora_restore.plugins.module_utils import _aws
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    Denied,
    LeaseLost,
    RestoreError,
    RunnerGone,
    Throttled,
    Unreachable,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import ROLE_SPEC
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import NoCredentialsError, SSLError, SSOTokenLoadError, UnauthorizedSSOTokenError
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


class Aws:
    """A server for everything: RDS, STS AssumeRole and the instance metadata, over plain HTTP.

    ``keys`` are the access keys of the calls of RDS so far. It refuses those in ``expired``, with ``status`` and
    ``code``. The credentials that it gives out last for ``lasts``.
    """

    def __init__(self, setenv: Callable[[str, str], None]) -> None:
        self.setenv = setenv
        self.keys: list[str] = []
        self.expired: set[str] = set()
        self.status, self.code = 403, "ExpiredToken"
        self.refuses_roles = False
        self.given, self.lasts = 0, timedelta(hours=1)
        self.after_call: Callable[[], None] = lambda: None
        aws = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = "/latest/meta-data/iam/security-credentials/"
                self._answer(200, json.dumps(aws.credentials()) if self.path != path else "runner")

            def do_PUT(self) -> None:
                self._answer(200, "metadata-token")

            def do_POST(self) -> None:
                body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                if body["Action"] == ["AssumeRole"] and aws.refuses_roles:
                    self._answer(403, refusal("AccessDenied"))
                elif body["Action"] == ["AssumeRole"]:
                    self._answer(200, assumed(aws.credentials()))
                else:
                    key = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
                    aws.keys.append(key)
                    refused = key in aws.expired
                    self._answer(aws.status if refused else 200, refusal(aws.code) if refused else clusters(body))
                    aws.after_call()

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "600")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def credentials(self) -> dict[str, Any]:
        """The next ones of a source that renews them, as the instance metadata and credential processes give them."""
        self.given += 1
        return {
            "Version": 1, "Code": "Success", "AccessKeyId": f"ASIA{self.given}", "SecretAccessKey": "secret",
            "SessionToken": "token", "Token": "token",
            "Expiration": (datetime.now(timezone.utc) + self.lasts).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }  # fmt: skip


def assumed(keys: dict[str, Any]) -> str:
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    inner = "".join(f"<{name}>{keys[name]}</{name}>" for name in names)
    return f"<R><AssumeRoleResult><Credentials>{inner}</Credentials></AssumeRoleResult></R>"


def clusters(body: dict[str, list[str]]) -> str:
    """Page one and, for its marker, page two; or what any other action answers."""
    if body["Action"] != ["DescribeDBClusters"]:
        return f"<R><{body['Action'][0]}Result/></R>"
    name, marker = ("b", "") if "Marker" in body else ("a", "<Marker>more</Marker>")
    item = f"<DBClusters><DBCluster><DBClusterIdentifier>{name}</DBClusterIdentifier></DBCluster></DBClusters>"
    return f"<R><DescribeDBClustersResult>{item}{marker}</DescribeDBClustersResult></R>"


def refusal(code: str) -> str:
    return f"<R><Error><Type>Sender</Type><Code>{code}</Code><Message>No.</Message></Error></R>"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    """The server; the credentials files are in tmp_path, and nothing of the caller's environment is in the way."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "http", "HTTP"))]:
        monkeypatch.delenv(name)
    made = Aws(monkeypatch.setenv)
    for name, value in {
        "AWS_SHARED_CREDENTIALS_FILE": tmp_path / "credentials", "AWS_CONFIG_FILE": tmp_path / "config",
        "AWS_ENDPOINT_URL_STS": made.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": made.url,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    _aws._sessions.clear()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join(10)


def connect(aws: Aws, profile: str | None = None, **options: Any) -> Any:
    """A client as modules make it, through amazon.aws."""
    options = {"region": "us-west-2", "endpoint_url": aws.url, **({"profile": profile} if profile else {}), **options}
    before_send, attempts = options.pop("before_send", None), options.pop("attempts", 6)
    with patch_module_args(options):
        module = _aws.AnsibleAWSModule(argument_spec=dict(ROLE_SPEC))
    return _aws.make_client(module, "rds", user_agent="op=1 fence=2", attempts=attempts, before_send=before_send)


KEYS = {"access_key": "AKIATEST", "secret_key": "secret"}


@_aws.aws_call("DeleteDBCluster")
def delete(client, cluster_id):
    client.delete_db_cluster(DBClusterIdentifier=cluster_id, SkipFinalSnapshot=True)


@_aws.aws_call("DescribeDBClusters")
def every_cluster(client):
    return [item["DBClusterIdentifier"] for item in _aws.paginate(client, "describe_db_clusters", "DBClusters")]


@pytest.mark.parametrize("attempts", [1, 6])
@pytest.mark.parametrize("error", [LeaseLost("Another run holds it"), RunnerGone("Nobody waits for this")])
def test_what_is_raised_before_sending_comes_out_as_it_is_and_nothing_is_sent(aws, attempts, error):
    asked = []

    def before_send():
        asked.append(len(aws.keys))
        raise error

    client = connect(aws, attempts=attempts, before_send=before_send, **KEYS)
    with pytest.raises(RestoreError) as caught:
        delete(client, "c")
    assert caught.value is error
    assert (asked, aws.keys) == ([0], [])


def test_every_attempt_is_asked_about_before_it_is_sent(aws):
    asked = []
    aws.status, aws.code, aws.expired = 500, "InternalFailure", {"AKIATEST"}
    client = connect(aws, attempts=2, before_send=lambda: asked.append(len(aws.keys)), **KEYS)
    with pytest.raises(Unreachable):
        delete(client, "c")
    assert asked == [0, 1]
    aws.expired.clear()
    delete(client, "c")
    assert asked == [0, 1, 2] and len(aws.keys) == 3


def test_reads_are_not_asked_about(aws):
    """They make the connection over which the next call then leaves at once."""
    client = connect(aws, before_send=lambda: pytest.fail("asked"), **KEYS)
    assert every_cluster(client) == ["a", "b"]


def test_lost_between_two_attempts(aws):
    """The first attempt got no good answer; the second one is not made any more."""

    def before_send():
        if aws.keys:
            raise LeaseLost("Another run holds it")

    aws.status, aws.code, aws.expired = 500, "InternalFailure", {"AKIATEST"}
    with pytest.raises(LeaseLost):
        delete(connect(aws, before_send=before_send, **KEYS), "c")
    assert aws.keys == ["AKIATEST"]


def use_process(aws: Aws, folder: Path) -> str:
    """A profile whose credentials a command prints: what the server would give out, one after the other."""
    ask = f"import urllib.request as r; print(r.urlopen('{aws.url}/process').read().decode())"
    (folder / "ask.py").write_text(ask)
    (folder / "config").write_text(f"[profile p]\ncredential_process = {sys.executable} {folder / 'ask.py'}\n")
    return "p"


def use_role(_aws_server: Aws, folder: Path) -> str:
    """A profile that assumes a role with the keys of another one."""
    (folder / "config").write_text(
        "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = secret\n"
        "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/runner\nsource_profile = base\n"
    )
    return "p"


def use_metadata(_aws_server: Aws, _folder: Path) -> None:
    """No profile: the instance's role."""


def use_container(aws: Aws, _folder: Path) -> None:
    """No profile: the role of a task of ECS or a pod of EKS."""
    aws.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{aws.url}/container")


SOURCES = [use_process, use_role, use_metadata, use_container]


@pytest.mark.parametrize("source", SOURCES)
def test_sources_that_know_when_they_expire_are_refreshed_by_the_client_itself(aws, tmp_path, source, monkeypatch):
    """When they are near their end, as these always are."""
    aws.lasts = timedelta(minutes=5)
    # Of an instance botocore believes that they last for 20 minutes then: they may, when the metadata are in trouble.
    monkeypatch.setattr(RefreshableCredentials, "_advisory_refresh_timeout", 3600)
    client = connect(aws, source(aws, tmp_path))
    for _call in range(3):
        delete(client, "c")
    assert len(set(aws.keys)) == 3, aws.keys
    assert aws.keys == sorted(aws.keys) and set(aws.keys) <= {f"ASIA{number}" for number in range(1, aws.given + 1)}


@pytest.mark.parametrize("source", SOURCES)
def test_what_lasts_is_not_asked_for_again(aws, tmp_path, source):
    client = connect(aws, source(aws, tmp_path))
    delete(client, "c")
    delete(client, "c")
    assert aws.keys == ["ASIA1", "ASIA1"]


@pytest.mark.parametrize("source", SOURCES)
def test_refused_before_the_time_that_the_source_told(aws, tmp_path, source):
    """A session that was revoked: the credentials are asked for again, and the call is made."""
    client = connect(aws, source(aws, tmp_path), attempts=1)
    aws.expired.add("ASIA1")
    delete(client, "c")
    assert aws.keys == ["ASIA1", "ASIA2"]


def write_profile(folder: Path, key: str) -> str:
    (folder / "credentials").write_text(
        f"[p]\naws_access_key_id = {key}\naws_secret_access_key = secret\naws_session_token = token\n"
    )
    return "p"


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_a_profile_that_another_program_rewrites(aws, tmp_path, code):
    aws.code = code
    asked = []
    client = connect(aws, write_profile(tmp_path, "OLD"), attempts=1, before_send=lambda: asked.append(len(aws.keys)))
    delete(client, "c")
    write_profile(tmp_path, "NEW")
    delete(client, "c")
    aws.expired.add("OLD")
    delete(client, "c")
    delete(client, "c")
    assert aws.keys == ["OLD", "OLD", "OLD", "NEW", "NEW"]
    assert asked == [0, 1, 2, 3, 4], "the lease is checked before the repeated call too"


def test_a_profile_that_nobody_rewrites(aws, tmp_path):
    client = connect(aws, write_profile(tmp_path, "OLD"), attempts=1)
    aws.expired.add("OLD")
    with pytest.raises(Denied, match=r"ExpiredToken.*have expired: renew them, then run the same command again"):
        delete(client, "c")
    assert aws.keys == ["OLD", "OLD"], "repeated once, no more"


def test_lists_are_read_from_the_start_when_the_token_expires_between_two_pages(aws, tmp_path):
    def expire():
        aws.expired.add("OLD")
        write_profile(tmp_path, "NEW")

    client = connect(aws, write_profile(tmp_path, "OLD"))
    aws.after_call = expire
    assert every_cluster(client) == ["a", "b"]
    assert aws.keys == ["OLD", "OLD", "NEW", "NEW"]


def test_a_renewable_client_is_used_like_any_other(aws):
    client = connect(aws, **KEYS)
    assert client.meta.region_name == "us-west-2"
    assert issubclass(client.exceptions.DBClusterNotFoundFault, client.exceptions.ClientError)
    with pytest.raises(AttributeError, match="no_such_call"):
        client.no_such_call()


def test_a_source_that_gives_what_is_over_already(aws, tmp_path):
    """botocore raises a RuntimeError then."""
    aws.lasts = timedelta(minutes=-1)
    with pytest.raises(Denied, match=r"still expired.*this machine's clock, then run the same command again"):
        delete(connect(aws, use_process(aws, tmp_path)), "c")
    assert aws.keys == []


def test_a_source_that_fails(aws, tmp_path):
    use_process(aws, tmp_path)
    (tmp_path / "ask.py").write_text("raise SystemExit('log in first')")
    with pytest.raises(Denied, match=r"log in first.*Mend the source"):
        connect(aws, "p")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "lost"}, r"profile \(lost\) could not be found\. Correct aurora_restore_aws.profile"),
        ({"endpoint_url": "nowhere", **KEYS}, "Invalid endpoint: nowhere"),
    ],
)
def test_what_does_not_even_make_a_client(aws, options, message):
    with pytest.raises(RestoreError, match=message):
        connect(aws, **options)


def test_a_profile_that_goes_away(aws, tmp_path):
    """No matter when: an error of ours, so that it is recorded like any other."""
    client = connect(aws, write_profile(tmp_path, "OLD"))
    aws.expired.add("OLD")
    (tmp_path / "credentials").unlink()
    with pytest.raises(Denied, match=r"profile \(p\) could not be found"):
        delete(client, "c")


def test_a_role_that_may_not_be_assumed_is_named(aws, tmp_path):
    """What failed is the call that gets credentials, not the one that was wanted."""
    client = connect(aws, use_role(aws, tmp_path))
    aws.refuses_roles = True
    with pytest.raises(Denied, match=r"DeleteDBCluster failed on c: AssumeRole: AccessDenied.* may call AssumeRole\."):
        delete(client, "c")


ROLE = "arn:aws:iam::123456789012:role/restorer"


def test_a_role_is_assumed_once_for_all_clients_of_a_module(aws):
    for _client in range(2):
        delete(connect(aws, assume_role_arn=ROLE, **KEYS), "c")
    assert aws.keys == ["ASIA1", "ASIA1"]


def test_a_session_of_a_role_that_has_expired_is_begun_anew(aws):
    first, second = (connect(aws, assume_role_arn=ROLE, attempts=1, **KEYS) for _client in range(2))
    delete(first, "c")
    aws.expired.add("ASIA1")
    for client in (first, second):
        delete(client, "c")
    assert aws.keys == ["ASIA1", "ASIA1", "ASIA2", "ASIA1", "ASIA3"], "each client finds out by itself"


def test_a_role_is_assumed_with_the_credentials_of_a_profile(aws, tmp_path):
    delete(connect(aws, write_profile(tmp_path, "BASE"), assume_role_arn=ROLE), "c")
    assert aws.keys == ["ASIA1"]


def test_a_role_that_may_not_be_assumed_is_named_when_the_client_is_made(aws):
    aws.refuses_roles = True
    with pytest.raises(Denied, match=rf"AssumeRole failed on {ROLE}: AccessDenied.* may call AssumeRole\."):
        connect(aws, assume_role_arn=ROLE, **KEYS)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (NoCredentialsError(), "Give credentials"),
        (UnauthorizedSSOTokenError(), "aws sso login"),
        (SSOTokenLoadError(error_msg="no file"), "aws sso login"),
        (SSLError(endpoint_url="u", error="[SSL: CERTIFICATE_VERIFY_FAILED] certificate is not yet valid"), "clock"),
        (SSLError(endpoint_url="u", error="[SSL: WRONG_VERSION_NUMBER]"), "Check the network"),
    ],
)
def test_errors_of_the_sdk_itself(error, hint):
    assert hint in str(_aws.translate_core_error(error, "DescribeDBClusters", None))


def test_other_errors_stay_what_they_are(aws):
    @_aws.aws_call("DescribeDBClusters")
    def broken(_client):
        raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="a mistake of ours"):
        broken(connect(aws, **KEYS))
