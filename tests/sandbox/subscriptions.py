# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions to topics, which moto confirms all at once.

On AWS those by e-mail, HTTP and HTTPS, and of queues of other accounts, wait until their endpoint confirms them, and
get nothing until then: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html (the answer's SubscriptionArn,
ReturnSubscriptionArn), https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
(PendingConfirmation); that they can't be deleted: https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html.

Nobody gets the token that AWS sends to the endpoint: here it is the last part of the subscription's ARN.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter, SNSNotFoundError
from moto.sns.models import SNSBackend, Subscription, Topic
from moto.sns.responses import SNSResponse

TO_BE_CONFIRMED = frozenset(("email", "email-json", "http", "https"))
SAID, LISTED = "pending confirmation", "PendingConfirmation"


def is_pending(subscription: Any) -> bool:
    return subscription.attributes.get("PendingConfirmation") in (True, "true")


def has_to_confirm(protocol: str, endpoint: str | None, account: str) -> bool:
    """Whether a new subscription waits for its endpoint."""
    is_foreign = protocol == "sqs" and (endpoint or "").split(":")[4:5] != [account]
    return protocol in TO_BE_CONFIRMED or is_foreign


def _subscribe(original: Any) -> Any:
    def subscribe(self: Any) -> ActionResult:
        wanted = (self._get_param("TopicArn"), self._get_param("Protocol"), self._get_param("Endpoint"))
        known = set(self.backend.subscriptions)
        arn = original(self).result["SubscriptionArn"]
        made = self.backend.subscriptions[arn]
        if arn not in known:
            pending = has_to_confirm(str(wanted[1]), wanted[2], self.current_account)
            made.attributes["PendingConfirmation"] = pending
        wants_arn = str(self._get_param("ReturnSubscriptionArn")).lower() == "true"
        return ActionResult({"SubscriptionArn": arn if wants_arn or not is_pending(made) else SAID})

    return subscribe


def _listed(original: Any) -> Any:
    def listed(self: Any) -> ActionResult:
        answer = original(self)
        shown = [
            {
                "SubscriptionArn": LISTED if is_pending(item) else item.arn, "Owner": item.owner,
                "Protocol": item.protocol, "Endpoint": item.endpoint, "TopicArn": item.topic_arn,
            }
            for item in answer.result["Subscriptions"]
        ]  # fmt: skip
        return ActionResult({**answer.result, "Subscriptions": shown})

    return listed


def confirm_subscription(self: Any) -> ActionResult:
    """In the place of moto's."""
    topic, token = str(self._get_param("TopicArn")), str(self._get_param("Token"))
    if topic not in self.backend.topics:
        raise SNSNotFoundError("Topic does not exist")
    found = self.backend.subscriptions.get(f"{topic}:{token}")
    if found is None:
        raise SNSInvalidParameter("Invalid parameter: Token")
    found.attributes["PendingConfirmation"] = False
    return ActionResult({"SubscriptionArn": found.arn})


def _unsubscribe(original: Any) -> Any:
    def unsubscribe(self: Any, subscription_arn: str) -> None:
        found = self.subscriptions.get(subscription_arn)
        if subscription_arn in (SAID, LISTED) or (found is not None and is_pending(found)):
            raise SNSInvalidParameter("Invalid parameter: SubscriptionArn: the subscription is pending confirmation")
        original(self, subscription_arn)

    return unsubscribe


def _publish(original: Any) -> Any:
    def publish(self: Any, *args: Any, **kwargs: Any) -> Any:
        return None if is_pending(self) else original(self, *args, **kwargs)

    return publish


def _counted(pending: bool) -> Any:
    """How many subscriptions of a topic are pending, or confirmed. moto sets both to zero."""

    def count(topic: Any) -> int:
        all_of_them = list(topic.sns_backend.subscriptions.values())
        return sum(1 for item in all_of_them if item.topic_arn == topic.arn and is_pending(item) == pending)

    return property(count, lambda _topic, _value: None)


@functools.cache
def install() -> None:
    """To be called before the first call."""
    response: Any = SNSResponse
    response.subscribe = _subscribe(SNSResponse.subscribe)
    response.confirm_subscription = confirm_subscription
    for name in ("list_subscriptions", "list_subscriptions_by_topic"):
        setattr(response, name, _listed(getattr(SNSResponse, name)))
    models: Any = (SNSBackend, Subscription, Topic)
    models[0].unsubscribe = _unsubscribe(SNSBackend.unsubscribe)
    models[1].publish = _publish(Subscription.publish)
    models[2].subscriptions_pending, models[2].subscriptions_confimed = _counted(True), _counted(False)
