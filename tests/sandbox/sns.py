# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SNS as AWS has it, where moto is stricter."""

from __future__ import annotations

from typing import Any

from moto.sns.models import SNSBackend


def install() -> None:
    """Accept MessageStructure "string".

    The API documents "json" only, but AWS takes "string" for the default: community.aws.sns always sends one of the
    two, and allows message attributes with "string" only; its integration tests run so against AWS.
    """
    publish = SNSBackend.publish

    def publish_like_aws(backend: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("message_structure") == "string":
            kwargs["message_structure"] = None
        return publish(backend, *args, **kwargs)

    SNSBackend.publish = publish_like_aws
