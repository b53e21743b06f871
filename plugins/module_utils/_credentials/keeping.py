# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets as they are wanted: made, given a pending version, promoted, abandoned, deleted. Values stay in here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client, ansible_dict_to_boto3_tag_list
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials import calls, versions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.versions import Move, Secret
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, BadInput, NotFound, Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._journal import Journal, NoJournal
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import (
    CURRENT,
    PENDING,
    parse_object,
    parse_secret,
    read_text,
)

EXISTS = "ResourceExistsException"
ABANDONED = 20  # so many pending versions of one current version may have been abandoned
PLANNED = "planned"
SHORTEST, LONGEST = 8, 41  # what RDS takes for every engine


@dataclass(frozen=True)
class Wanted:
    """What a secret is to be. ``content``: keys with values that are no secret; ``generated``: keys for passwords."""

    secret_id: str
    content: Mapping[str, Any] = field(default_factory=dict)
    generated: Sequence[str] = ()
    password_length: int = 32
    description: str | None = None
    kms_key_id: str | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    version_id: str | None = None
    only_tagged: Mapping[str, Any] = field(default_factory=dict)
    recovery_window: int = 30


@dataclass(frozen=True)
class Outcome:
    """The secret before and after; None: there is none.

    :param keys: those of the version that this is about.
    :param version: that version.
    """

    before: Secret | None
    after: Secret | None
    keys: Sequence[str] = ()
    version: str | None = None
    made: bool = False

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Keeper:
    """One run against Secrets Manager in one region.

    :param hide: gets each new password, to keep it out of whatever is printed.
    :param check: look, decide, change nothing.
    """

    client: Client
    journal: Journal = field(default_factory=NoJournal)
    hide: Callable[[str], None] = lambda value: None
    check: bool = False

    def find(self, secret_id: str) -> Secret | None:
        found = calls.find_secret(self.client, secret_id)
        return Secret.from_boto(found) if found else None

    def existing(self, secret_id: str, only_tagged: Mapping[str, Any] | None = None) -> Secret:
        """The secret; :raises NotFound: there is none; Refused: it is being deleted, or lacks one of those tags."""
        secret = self.find(secret_id)
        if secret is None:
            raise NotFound(
                f"The secret {secret_id} does not exist in {self.client.meta.region_name}",
                resource=secret_id,
                hint="Create it, or name one that exists.",
            )
        versions.require_alive(secret)
        versions.require_tags(secret, only_tagged or {})
        return secret

    # ---- the states

    def present(self, wanted: Wanted) -> Outcome:
        """A secret that exists is never changed, but given a value when it has none."""
        before = self.find(wanted.secret_id)
        if before is None and wanted.secret_id.startswith("arn:"):
            raise NotFound(
                f"The secret {wanted.secret_id} does not exist, and a new one can't have a given ARN",
                resource=wanted.secret_id,
                hint="Give a name instead.",
            )
        if before is not None:
            versions.require_alive(before)
            if before.current:
                return self._found(before, wanted)
        keys = sorted({*wanted.content, *wanted.generated})
        if self.check:
            planned = before or Secret("", wanted.secret_id, tags=wanted.tags)
            return Outcome(before, replace(planned, stages={PLANNED: frozenset((CURRENT,))}), keys, None, True)
        return self._create(wanted, before)

    def pending(self, wanted: Wanted) -> Outcome:
        """A pending version with new passwords; one that is pending already is kept as it is."""
        before = self.existing(wanted.secret_id, wanted.only_tagged)
        if before.pending:
            return Outcome(before, before, self._keys(before, PENDING), before.pending)
        content = parse_object(wanted.secret_id, read_text(self.client, before.arn))
        keys = sorted({*content, *wanted.content, *wanted.generated})
        if self.check:
            labels = {**versions.moved(before, [Move(PENDING, None, None)]).stages, PLANNED: frozenset((PENDING,))}
            return Outcome(before, replace(before, stages=labels), keys, None)
        version = self.put_pending(before, {**content, **wanted.content, **self.passwords(wanted)})
        after = self.existing(before.arn)
        return Outcome(before, after, self._keys(after, PENDING), version)

    def promoted(self, wanted: Wanted) -> Outcome:
        """The pending version becomes current; without one there is nothing to do."""
        before = self.existing(wanted.secret_id, wanted.only_tagged)
        version = wanted.version_id or before.version(PENDING)
        if version is None:
            return Outcome(before, before, self._keys(before, CURRENT), before.current)
        versions.require_known(before, version)
        after = self.move(before, versions.promoting(before, version))
        return Outcome(before, after, () if self.check else self._keys(after, CURRENT), version)

    def abandoned(self, wanted: Wanted) -> Outcome:
        """The pending version waits no more; the current one stays."""
        before = self.existing(wanted.secret_id, wanted.only_tagged)
        version = wanted.version_id or before.version(PENDING)
        after = self.move(before, versions.abandoning(before, version)) if version else before
        return Outcome(before, after, self._keys(after, CURRENT), after.current)

    def absent(self, wanted: Wanted) -> Outcome:
        """Scheduled for deletion, so that it can be had back until the recovery window is over."""
        before = self.find(wanted.secret_id)
        if before is None or before.deleted:
            return Outcome(before, before)
        versions.require_tags(before, wanted.only_tagged)
        if not self.check:
            with self.journal.call("DeleteSecret", before.name):
                calls.delete_secret(self.client, before.arn, wanted.recovery_window)
        return Outcome(before, replace(before, deleted=True))

    # ---- acting

    def move(self, secret: Secret, moves: Sequence[Move]) -> Secret:
        """Move the stages; the secret afterwards."""
        for move in moves if not self.check else ():
            with self.journal.call("UpdateSecretVersionStage", secret.name, move.to_boto()):
                self.move_one(secret, move)
        return versions.moved(secret, moves)

    def move_one(self, secret: Secret, move: Move) -> None:
        """Whether anybody still waits for it or not."""
        try:
            calls.update_secret_version_stage(self.client, SecretId=secret.arn, **move.to_boto())
        except AwsError as error:
            # The SDK repeats a call whose answer was lost, and the label is where it should be by then.
            now = self.find(secret.arn) if error.code == "InvalidParameterException" else None
            if now is None or now.version(move.stage) != move.destination:
                raise

    def _found(self, secret: Secret, wanted: Wanted) -> Outcome:
        """:raises BadInput: it lacks a wanted key, so that it can't serve; and it is not for us to change."""
        content = parse_secret(
            wanted.secret_id, read_text(self.client, secret.arn), sorted({*wanted.content, *wanted.generated})
        )
        return Outcome(secret, secret, sorted(content), secret.current)

    def _create(self, wanted: Wanted, before: Secret | None) -> Outcome:
        text = json.dumps({**wanted.content, **self.passwords(wanted)})
        given = {"SecretString": text, "ClientRequestToken": versions.token(wanted.secret_id, None)}
        try:
            if before is None:
                with self.journal.call("CreateSecret", wanted.secret_id):
                    calls.create_secret(self.client, Name=wanted.secret_id, **given, **_making(wanted))
            else:
                with self.journal.call("PutSecretValue", wanted.secret_id):
                    calls.put_secret_value(self.client, SecretId=before.arn, **given)
        except AwsError as error:
            if error.code != EXISTS:
                raise
            # Somebody made it just now, or a call whose answer was lost did: it has its own passwords.
            return self._found(self.existing(wanted.secret_id), wanted)
        after = self.existing(wanted.secret_id)
        return Outcome(before, after, self._keys(after, CURRENT), after.current, True)

    def put_pending(self, secret: Secret, content: Mapping[str, Any]) -> str:
        """Its id is derived, so that of two who do this at once one adopts what the other put."""
        for attempt in range(ABANDONED):
            version = versions.token(secret.arn, secret.current, attempt)
            try:
                with self.journal.call("PutSecretValue", secret.name, {"version": version, "stage": PENDING}):
                    calls.put_secret_value(
                        self.client,
                        SecretId=secret.arn,
                        SecretString=json.dumps(content),
                        ClientRequestToken=version,
                        VersionStages=[PENDING],
                    )
            except AwsError as error:
                if error.code != EXISTS:
                    raise
                now = self.existing(secret.arn)
                if now.pending:
                    return now.pending
                continue  # that one was abandoned
            return version
        raise Refused(
            f"{ABANDONED} pending versions of the secret {secret.name} have been abandoned since its current one",
            resource=secret.arn,
            hint="Find out why, then put a new value into the secret.",
        )

    def passwords(self, wanted: Wanted) -> dict[str, str]:
        """New ones, by the keys that are to have them."""
        made = {key: calls.random_password(self.client, length=wanted.password_length) for key in wanted.generated}
        for password in made.values():
            self.hide(password)
        return made

    def _keys(self, secret: Secret, stage: str) -> list[str]:
        return sorted(parse_object(secret.name, read_text(self.client, secret.arn, stage)))


def _making(wanted: Wanted) -> dict[str, Any]:
    given = {
        "Description": wanted.description,
        "KmsKeyId": wanted.kms_key_id,
        "Tags": ansible_dict_to_boto3_tag_list(dict(wanted.tags)),
    }
    return {key: value for key, value in given.items() if value}


def require_fitting(wanted: Wanted) -> None:
    """:raises BadInput: a key is both given and generated, or empty, or a number is out of its range."""
    twice = sorted(set(wanted.content) & set(wanted.generated))
    if twice:
        raise BadInput(f"{', '.join(twice)} can't be both in content and in generated", resource=wanted.secret_id)
    if "" in {*wanted.content, *wanted.generated}:
        raise BadInput("A key of a secret must not be empty", resource=wanted.secret_id)
    if not SHORTEST <= wanted.password_length <= LONGEST:
        raise BadInput(f"password_length must be {SHORTEST} to {LONGEST}, not {wanted.password_length}")
    if not 7 <= wanted.recovery_window <= 30:
        raise BadInput(f"recovery_window must be 7 to 30 days, not {wanted.recovery_window}")


def to_result(wanted: Wanted, outcome: Outcome) -> dict[str, Any]:
    """What the module returns, and its diff; no value."""
    secret = outcome.after
    return {
        "changed": outcome.changed,
        "secret": {
            "arn": (secret.arn or None) if secret else None,
            "name": secret.name if secret else wanted.secret_id,
            "version_id": outcome.version,
            "stages": _stages(secret),
            "key_names": list(outcome.keys),
            "tags": dict(secret.tags) if secret else {},
            "made": outcome.made,
        },
        "diff": {
            "before": shown(outcome.before, ()),
            "after": shown(secret, outcome.keys if outcome.changed else ()),
        },
    }


def _stages(secret: Secret | None) -> dict[str, list[str]]:
    return {version: sorted(labels) for version, labels in secret.stages.items()} if secret else {}


def shown(secret: Secret | None, keys: Sequence[str] = ()) -> dict[str, Any]:
    """For a diff: names, keys and stages, no value."""
    if secret is None or secret.deleted:
        return {}
    return {"name": secret.name, "stages": _stages(secret), **({"keys": list(keys)} if keys else {})}
