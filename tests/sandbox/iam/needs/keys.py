# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS: the key, whatever name it is given by; aliases by themselves."""

from __future__ import annotations

import contextlib
from base64 import b64decode

from sandbox.gateway.wire import Call
from sandbox.iam import world
from sandbox.iam.needs.need import Need, arn, given, request_tags
from sandbox.kms import key_of

CONDITIONS = {
    "GranteePrincipal": "kms:granteeprincipal",
    "RetiringPrincipal": "kms:retiringprincipal",
    "Operations": "kms:grantoperations",
    "KeySpec": "kms:keyspec",
    "KeyUsage": "kms:keyusage",
    "Origin": "kms:keyorigin",
    "MultiRegion": "kms:multiregion",
    "BypassPolicyLockoutSafetyCheck": "kms:bypasspolicylockoutsafetycheck",
    "PendingWindowInDays": "kms:schedulekeydeletionpendingwindowindays",
    "RotationPeriodInDays": "kms:rotationperiodindays",
}
ON_ALIASES = frozenset(("CreateAlias", "DeleteAlias", "UpdateAlias"))


def needs(call: Call, account: str) -> list[Need]:
    parameters = call.parameters
    context = {
        **given(parameters, CONDITIONS),
        **request_tags(parameters.get("Tags") or parameters.get("TagKeys"), "TagKey", "TagValue"),
        "kms:calleraccount": (account,),
    }
    if call.action == "CreateGrant":
        context["kms:grantisforawsresource"] = ("false",)
    action, found = f"kms:{call.action}", []
    if call.action in ON_ALIASES:
        alias_name = str(parameters.get("AliasName", "*"))
        found.append(Need(action, arn("kms", call.region, account, alias_name), context))
        # Changing or deleting an alias concerns the key that it is one of, too.
        key_arn = world.key_arn(account, call.region, alias_name)
        if call.action != "CreateAlias" and ":key/" in key_arn:
            found.append(Need(action, key_arn, context))
    if call.action == "CreateKey" and parameters.get("Tags"):
        # https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html, Tags. The key has no id yet.
        found += [Need(action, "*", context)]
        found += [Need("kms:TagResource", arn("kms", call.region, account, "key/*"), context)]
    for name in ("KeyId", "TargetKeyId", "DestinationKeyId"):
        key = parameters.get(name)
        if isinstance(key, str):
            alias = {"kms:requestalias": (key.rpartition(":")[2],)} if "alias/" in key else {}
            found.append(Need(action, world.key_arn(account, call.region, key), {**context, **alias}))
    ciphertext = parameters.get("CiphertextBlob")
    if isinstance(ciphertext, str) and "KeyId" not in parameters:
        with contextlib.suppress(ValueError):
            found.append(Need(action, world.key_arn(account, call.region, key_of(b64decode(ciphertext))), context))
    return found or [Need(action, "*", context)]
