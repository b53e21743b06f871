# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS::SNS::Topic, AWS::SNS::TopicPolicy and AWS::SNS::Subscription.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.cloudformation.functions import text
from sandbox.cloudformation.resources.kind import Kind, Order, boolean, document, is_there, same, tag_list

TOPIC_ATTRIBUTES = (
    "DisplayName", "KmsMasterKeyId", "ContentBasedDeduplication", "SignatureVersion", "TracingConfig",
)  # fmt: skip
SUBSCRIPTION_ATTRIBUTES = (
    "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "SubscriptionRoleArn",
)  # fmt: skip


class Topic(Kind):
    type = "AWS::SNS::Topic"
    properties = frozenset(("TopicName", "FifoTopic", "Subscription", "Tags", *TOPIC_ATTRIBUTES))
    replaced_by = frozenset(("TopicName", "FifoTopic"))
    name = "TopicName"
    attributes = frozenset(("TopicArn", "TopicName"))
    system_tags = True

    def create(self, order: Order) -> None:
        name, where = order.name("TopicName", 256), order.calls.identity
        arn = f"arn:aws:sns:{where.region}:{where.account}:{name}"
        # CreateTopic would return a topic that is there already.
        if is_there(lambda: order.calls("sns", "get_topic_attributes", TopicArn=arn)):
            raise self.exists(arn)
        attributes = {key: text(order.properties[key]) for key in TOPIC_ATTRIBUTES if key in order.properties}
        if boolean(order.properties.get("FifoTopic")):
            attributes["FifoTopic"] = "true"
        order.calls("sns", "create_topic", Name=name, Attributes=attributes, Tags=tag_list(order.tags))
        order.physical_id, order.attributes = arn, {"TopicArn": arn, "TopicName": name}
        for item in order.properties.get("Subscription") or ():
            order.calls("sns", "subscribe", TopicArn=arn, Protocol=item["Protocol"], Endpoint=item["Endpoint"])

    def update(self, order: Order) -> None:
        arn = order.physical_id
        for key in TOPIC_ATTRIBUTES:
            if order.changed(key):
                value = text(order.properties.get(key, ""))
                order.calls("sns", "set_topic_attributes", TopicArn=arn, AttributeName=key, AttributeValue=value)
        self._resubscribe(order)
        if order.tags_to_set():
            order.calls("sns", "tag_resource", ResourceArn=arn, Tags=tag_list(order.tags_to_set()))
        if order.tags_to_remove():
            order.calls("sns", "untag_resource", ResourceArn=arn, TagKeys=order.tags_to_remove())

    def _resubscribe(self, order: Order) -> None:
        before, after = (list(given.get("Subscription") or ()) for given in (order.before, order.properties))
        gone = [item for item in before if not any(same(item, other) for other in after)]
        if gone:
            listed = order.calls("sns", "list_subscriptions_by_topic", TopicArn=order.physical_id)["Subscriptions"]
            for found in listed:
                wanted = {"Protocol": found["Protocol"], "Endpoint": found["Endpoint"]}
                if any(same(wanted, item) for item in gone) and found["SubscriptionArn"].startswith("arn:"):
                    order.calls("sns", "unsubscribe", SubscriptionArn=found["SubscriptionArn"])
        for item in after:
            if not any(same(item, other) for other in before):
                order.calls("sns", "subscribe", TopicArn=order.physical_id, **item)

    def read(self, order: Order) -> None:
        for action in ("get_topic_attributes", "list_subscriptions_by_topic"):
            order.calls("sns", action, TopicArn=order.physical_id)
        order.calls("sns", "list_tags_for_resource", ResourceArn=order.physical_id)

    def delete(self, order: Order) -> None:
        order.calls("sns", "get_topic_attributes", TopicArn=order.physical_id)
        order.calls("sns", "delete_topic", TopicArn=order.physical_id)


class TopicPolicy(Kind):
    type = "AWS::SNS::TopicPolicy"
    properties = frozenset(("PolicyDocument", "Topics"))
    required = ("PolicyDocument", "Topics")
    attributes = frozenset(("Id",))

    def create(self, order: Order) -> None:
        order.physical_id = order.name("")
        order.attributes = {"Id": order.physical_id}
        for topic in order.properties["Topics"]:
            _set_policy(order, topic, document(order.properties["PolicyDocument"]))

    def update(self, order: Order) -> None:
        for topic in order.properties["Topics"]:
            _set_policy(order, topic, document(order.properties["PolicyDocument"]))
        for topic in order.before.get("Topics") or ():
            if topic not in order.properties["Topics"]:
                _set_policy(order, topic, default_policy(topic))

    def delete(self, order: Order) -> None:
        for topic in order.properties["Topics"]:
            _set_policy(order, topic, default_policy(topic))


def _set_policy(order: Order, topic: str, policy: str) -> None:
    order.calls("sns", "set_topic_attributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def default_policy(topic: str) -> str:
    """What a topic without a policy of its own has."""
    actions = ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic",
               "Subscribe", "ListSubscriptionsByTopic", "Publish")  # fmt: skip
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{name}" for name in actions],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.split(":")[4]}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


class Subscription(Kind):
    type = "AWS::SNS::Subscription"
    properties = frozenset(("TopicArn", "Protocol", "Endpoint", "Region", *SUBSCRIPTION_ATTRIBUTES))
    required = ("TopicArn", "Protocol")
    replaced_by = frozenset(("TopicArn", "Protocol", "Endpoint"))
    attributes = frozenset(("Arn",))

    def create(self, order: Order) -> None:
        made = order.calls(
            "sns", "subscribe", TopicArn=order.properties["TopicArn"], Protocol=order.properties["Protocol"],
            Endpoint=order.properties.get("Endpoint"), Attributes=_settings(order.properties) or None,
            ReturnSubscriptionArn=True,
        )  # fmt: skip
        order.physical_id = made["SubscriptionArn"]
        order.attributes = {"Arn": order.physical_id}

    def update(self, order: Order) -> None:
        after = _settings(order.properties)
        for key in SUBSCRIPTION_ATTRIBUTES:
            if order.changed(key):
                order.calls("sns", "set_subscription_attributes", SubscriptionArn=order.physical_id,
                            AttributeName=key, AttributeValue=after.get(key, "{}"))  # fmt: skip

    def read(self, order: Order) -> None:
        order.calls("sns", "get_subscription_attributes", SubscriptionArn=order.physical_id)

    def delete(self, order: Order) -> None:
        """One that was never confirmed can't be unsubscribed; AWS forgets it after two days.

        https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
        """
        found = order.calls("sns", "get_subscription_attributes", SubscriptionArn=order.physical_id)["Attributes"]
        if found.get("PendingConfirmation") != "true":
            order.calls("sns", "unsubscribe", SubscriptionArn=order.physical_id)


def _settings(given: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: document(given[key]) if isinstance(given[key], Mapping) else text(given[key])
        for key in SUBSCRIPTION_ATTRIBUTES
        if key in given
    }
