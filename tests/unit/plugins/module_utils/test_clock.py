# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong clock is recognised by what AWS says about the time of a request."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils import _aws
from ansible_collections.dbops.aurora_restore.plugins.module_utils._clock import clock_hint
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Denied
from botocore.exceptions import ClientError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
AHEAD_OR_BEHIND = "This machine's clock is {} AWS's: set it (NTP), then run the same command again."


def moment(text: str) -> datetime:
    return datetime.strptime(text + "+0000", "%Y%m%dT%H%M%SZ%z")


def answer(code: str, message: str = "", date: datetime | None = None) -> dict[str, Any]:
    headers = {"date": format_datetime(date, usegmt=True)} if date else {}
    return {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 403, "HTTPHeaders": headers},
    }


# As they were reported: code, message, what the clock must have shown then, how it was off.
REPORTED = {
    "https://github.com/aws/aws-cli/issues/6676": (
        "SignatureDoesNotMatch",
        "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)",
        "20220127T001427Z",
        "1 h 45 min behind",
    ),
    "https://github.com/convox/rack/issues/235": (
        "SignatureDoesNotMatch",
        "Signature expired: 20151221T200419Z is now earlier than 20151221T201450Z (20151221T201950Z - 5 min.)",
        "20151221T200419Z",
        "16 min behind",
    ),
    "https://github.com/fabfuel/ecs-deploy/issues/126": (
        "InvalidSignatureException",
        "Signature expired: 20191209T104625Z is now earlier than 20191210T033904Z (20191210T034404Z - 5 min.)",
        "20191209T104625Z",
        "16 h 58 min behind",
    ),
    "https://github.com/s12v/awsbeats/issues/48": (
        "InvalidSignatureException",
        "Signature not yet current: 20181017T093750Z is still later than 20181017T093639Z (20181017T093139Z + 5 min.)",
        "20181017T093750Z",
        "6 min ahead of",
    ),
    "https://github.com/aws/aws-sdk-go/issues/2194": (
        "InvalidSignatureException",
        "Signature not  yet current: 20181002T170509Z is still later than 20181002T170312Z (20181002T165812Z + 5 min.)",
        "20181002T170509Z",
        "7 min ahead of",
    ),
    "https://github.com/aws/aws-sdk-js/issues/2565": (
        "InvalidSignatureException",
        "Signature not yet current: 20190305T002809Z is still later than 20190304T214315Z (20190304T212815Z + 15 min.)",
        "20190305T002809Z",
        "3 h ahead of",
    ),
}


@pytest.mark.parametrize("source", REPORTED)
def test_the_message_tells_by_how_much(source: str) -> None:
    code, message, shown, off = REPORTED[source]
    assert clock_hint(answer(code, message), moment(shown)) == AHEAD_OR_BEHIND.format(off)


@pytest.mark.parametrize("source", REPORTED)
def test_a_machine_that_slept_between_signing_and_sending(source: str) -> None:
    """Its clock is right again when the answer comes."""
    code, message, _shown, _off = REPORTED[source]
    hint = clock_hint(answer(code, message), moment(message.partition("(")[2][:16]) + timedelta(seconds=2))
    assert hint == "This machine or process stood still before the request was sent: run the same command again."


# The SDK for .NET takes all of these for signs of a wrong clock: https://github.com/aws/aws-sdk-java/issues/519. EC2
# says AuthFailure, without a word about time: https://github.com/hashicorp/packer/issues/3140. S3:
# https://github.com/versity/versitygw/issues/1514
@pytest.mark.parametrize(
    "code",
    ["AuthFailure", "InvalidSignatureException", "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed",
     "SignatureDoesNotMatch"],
)  # fmt: skip
def test_where_the_message_does_not_tell_the_date_of_the_answer_does(code: str) -> None:
    assert clock_hint(answer(code, "No.", NOW + timedelta(minutes=60)), NOW) == AHEAD_OR_BEHIND.format("1 h behind")
    assert clock_hint(answer(code, "No.", NOW - timedelta(minutes=20)), NOW) == AHEAD_OR_BEHIND.format(
        "20 min ahead of"
    )


@pytest.mark.parametrize("date", [None, NOW, NOW + timedelta(minutes=3)])
def test_other_causes_of_the_same_codes(date: datetime | None) -> None:
    for code in ("AuthFailure", "InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"):
        assert clock_hint(answer(code, "The signature does not match.", date), NOW) is None
    for code in ("RequestTimeTooSkewed", "RequestInTheFuture"):
        hint = clock_hint(answer(code, "", date), NOW)
        assert hint == "This machine's clock is off: set it (NTP), then run the same command again."


@pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken", "DBClusterNotFoundFault"])
def test_other_errors_are_none_of_the_clock(code: str) -> None:
    assert clock_hint(answer(code, "", NOW + timedelta(days=1)), NOW) is None


def test_a_date_that_is_none() -> None:
    broken = answer("AuthFailure")
    broken["ResponseMetadata"]["HTTPHeaders"]["date"] = "yesterday"
    assert clock_hint(broken, NOW) is None
    assert clock_hint({"Error": {}}, NOW) is None


def test_one_sentence_and_what_to_do() -> None:
    hour = timedelta(hours=1)
    server = datetime.now(timezone.utc) + hour
    text = f"{server - hour:%Y%m%dT%H%M%SZ} is now earlier than {server - hour / 4:%Y%m%dT%H%M%SZ}"
    message = f"Signature expired: {text} ({server:%Y%m%dT%H%M%SZ} - 15 min.)"
    error = ClientError(answer("SignatureDoesNotMatch", message), "DescribeDBClusters")
    translated = _aws.translate_client_error(error, "DescribeDBClusters", "c")
    assert isinstance(translated, Denied) and translated.resumes
    assert str(translated) == (
        f"DescribeDBClusters failed on c: SignatureDoesNotMatch: {message}. "
        "This machine's clock is 1 h behind AWS's: set it (NTP), then run the same command again."
    )
