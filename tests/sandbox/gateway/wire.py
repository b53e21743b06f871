# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading AWS requests: which call it is, in which region, with which parameters."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from sandbox.gateway.targets import target_of

CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request")
# The name in a signature, where botocore calls the service otherwise.
# An entry of a WSGI environment, which no HTTP header becomes: the service that calls in somebody's name.
VIA = "sandbox.via"
SERVICES = {"monitoring": "cloudwatch", "email": "ses", "tagging": "resourcegroupstaggingapi"}


@dataclass(frozen=True)
class Call:
    """A request to an AWS service.

    :param protocol: query, json or rest.
    :param resource: what the call is about, as the call names it.
    :param via: the service that makes the call in the caller's name.
    """

    service: str
    region: str
    action: str
    access_key: str | None
    protocol: str
    parameters: dict[str, Any] = field(default_factory=dict)
    user_agent: str = ""
    resource: str | None = None
    via: str | None = None


def read_call(environ: Mapping[str, Any], body: bytes) -> Call:
    """What a WSGI request asks for."""
    authorization = str(environ.get("HTTP_AUTHORIZATION", ""))
    query = str(environ.get("QUERY_STRING", ""))
    credential = CREDENTIAL.search(authorization)
    access_key, region, service = (credential[1], credential[3], credential[4]) if credential else (None, "", "")
    user_agent = str(environ.get("HTTP_USER_AGENT", ""))
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    content_type = str(environ.get("CONTENT_TYPE", ""))
    if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
        body = _unzipped(body)
    if target:
        action, protocol, parameters = target.rpartition(".")[2], "json", _json(body)
    elif content_type.startswith("application/x-www-form-urlencoded") or "Action=" in query:
        flat = dict(parse_qsl(body.decode("utf-8", "replace") or query, keep_blank_values=True))
        action, protocol, parameters = flat.pop("Action", ""), "query", nested(flat)
        parameters.pop("Version", None)
    else:
        action = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}"
        protocol, parameters = "rest", _json(body)
    service = SERVICES.get(service, service)
    resource = target_of(service, parameters, str(environ.get("PATH_INFO", "")))
    return Call(service, region, action, access_key, protocol, parameters, user_agent, resource, environ.get(VIA))


def _unzipped(body: bytes) -> bytes:
    """SDKs compress long calls of some services, PutMetricData for one."""
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return b""


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {"body": content}


def nested(flat: Mapping[str, str]) -> dict[str, Any]:
    """``{"Tags.Tag.1.Key": "a"}`` as ``{"Tags": [{"Key": "a"}]}``: the query protocol's lists and structures."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        node = tree
        *path, last = name.split(".")
        for step in path:
            inner = node.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            node = inner
        else:
            node[last] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_lists(node[key]) for key in sorted(node, key=int)]
    if len(node) == 1:
        # The name of a list's members stands between the list and its numbers.
        (inner,) = node.values()
        if isinstance(inner, dict) and inner and all(key.isdigit() for key in inner):
            return _lists(inner)
    return {key: _lists(value) for key, value in node.items()}
