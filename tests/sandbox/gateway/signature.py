# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signature version 4 of a request, as the server checks it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. botocore's own signer is
made for requests that are to be sent, and takes most of a millisecond.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

PARTS = re.compile(
    r"Credential=[^/,\s]+/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request,\s*"
    r"SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)
SPACES = re.compile(r"\s+")
STAMP = "%Y%m%dT%H%M%SZ"
# "In most cases, a request must reach AWS within five minutes of the time stamp in the request":
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-signing.html. STS says 15, as in
# https://github.com/aws/aws-cli/issues/6676.
TOLERATED = {"sts": 15}
USUALLY_TOLERATED = 5


def out_of_time(environ: Mapping[str, Any], service: str, now: datetime) -> str | None:
    """In AWS's words, that a WSGI request was signed too long ago, or is of the future; None when it is of now.

    :param now: in UTC, with its zone. A request without a time stamp has no valid signature anyway.
    """
    try:
        signed = datetime.strptime(_header(environ, "x-amz-date") + "+0000", STAMP + "%z")
    except ValueError:
        return None
    minutes = TOLERATED.get(service, USUALLY_TOLERATED)
    earliest, latest = now - timedelta(minutes=minutes), now + timedelta(minutes=minutes)
    if signed < earliest:
        return (
            f"Signature expired: {signed:{STAMP}} is now earlier than {earliest:{STAMP}} "
            f"({now:{STAMP}} - {minutes} min.)"
        )
    if signed > latest:
        return (
            f"Signature not yet current: {signed:{STAMP}} is still later than {latest:{STAMP}} "
            f"({now:{STAMP}} + {minutes} min.)"
        )
    return None


def is_signed_with(environ: Mapping[str, Any], body: bytes, secret_key: str) -> bool:
    """Whether a WSGI request carries the signature that the secret key gives."""
    parts = PARTS.search(str(environ.get("HTTP_AUTHORIZATION", "")))
    if not parts:
        return False
    date, region, service, names, signature = parts.groups()
    headers = "".join(f"{name}:{_header(environ, name)}\n" for name in names.split(";"))
    raw = environ.get("RAW_URI") or f"{environ.get('PATH_INFO') or '/'}?{environ.get('QUERY_STRING', '')}"
    path, _mark, query = str(raw).partition("?")
    canonical = "\n".join(
        (
            str(environ["REQUEST_METHOD"]), quote(path or "/", safe="/~"), _query(query), headers, names,
            hashlib.sha256(body).hexdigest(),
        )
    )  # fmt: skip
    scope = f"{date}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{_header(environ, 'x-amz-date')}\n{scope}\n{digest}"
    expected = _hmac(_signing_key(secret_key, date, region, service), text).hex()
    return hmac.compare_digest(expected, signature)


@functools.lru_cache(maxsize=1024)
def _signing_key(secret_key: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (date, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _query(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    coded = [(quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, _mark, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(coded))


def _header(environ: Mapping[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    value = str(environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", ""))
    return SPACES.sub(" ", value.strip())
