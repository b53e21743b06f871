# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the messages of a queue as JSON, and remove them from it."""

from __future__ import annotations

import json
import sys

import boto3

queue = sys.argv[1]
sqs = boto3.client("sqs")
messages = []
while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
    for message in batch:
        messages.append(json.loads(message["Body"]))
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
print(json.dumps(messages))
