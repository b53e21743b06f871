# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A clock that is off, as the refusals of AWS tell it.

AWS denies a request that was signed more than 5 minutes (some services: 15) before or after its own time.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-signing.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

# "Signature expired: <request> is now earlier than <limit> (<AWS's time> - 15 min.)", and with "+ 5 min." for one that
# is "not yet current". Query services say it with SignatureDoesNotMatch, JSON services with InvalidSignatureException.
SAYS = re.compile(r"Signature (?:expired|not\s+yet\s+current): \d{8}T\d{6}Z\b[^(]*\((\d{8}T\d{6}Z) ")
ALWAYS = frozenset(("RequestTimeTooSkewed", "RequestInTheFuture"))
# These have other causes too: EC2 says AuthFailure, without a word about time.
PERHAPS = frozenset(("AuthFailure", "InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"))
# Less than AWS's 5 minutes, since its times are given in whole seconds.
TOLERATED = timedelta(minutes=4)
SET_IT = "set it (NTP), then run the same command again."


def clock_hint(response: Mapping[str, Any], now: datetime) -> str | None:
    """What to do about an error answer that is due to a wrong clock; None for any other.

    :param now: this machine's time, in UTC.
    """
    error = response.get("Error", {})
    code, says = str(error.get("Code")), SAYS.search(str(error.get("Message")))
    if not says and code not in ALWAYS | PERHAPS:
        return None
    theirs = datetime.strptime(says[1] + "+0000", "%Y%m%dT%H%M%SZ%z") if says else _date(response)
    if theirs and abs(now - theirs) > TOLERATED:
        return f"This machine's clock is {_distance(now - theirs)} AWS's: {SET_IT}"
    if code in ALWAYS:
        return f"This machine's clock is off: {SET_IT}"
    if says:
        return "This machine or process stood still before the request was sent: run the same command again."
    return None


def _date(response: Mapping[str, Any]) -> datetime | None:
    """The time of an answer by its own Date header."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(timezone.utc)
    except (KeyError, TypeError, ValueError):
        return None


def _distance(off: timedelta) -> str:
    minutes = round(abs(off) / timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    amount = " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes))
    return f"{amount} {'ahead of' if off > timedelta() else 'behind'}"
