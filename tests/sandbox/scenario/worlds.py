# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world that a scenario describes: whole by itself, or merged into another one by name."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session

from sandbox.errors import SandboxError
from sandbox.scenario.checking import check, hint, place
from sandbox.scenario.reading import read_yaml

FOLDER = Path(__file__).parents[1] / "world"
SHIPPED = {"demo": FOLDER / "demo.yml"}
# Below these, a key is somebody's own word.
OPAQUE = ("value", "tags", "parameters", "public", "trust")


@dataclass(frozen=True)
class World:
    """What is there at the start.

    :param accounts: as in the file, by account id; files of policies are read, names of SQL files absolute.
    :param public: what ``world`` in endpoint.json says.
    """

    accounts: Mapping[str, Any] = field(default_factory=dict)
    default_region: str = ""
    public: Mapping[str, Any] = field(default_factory=dict)

    @property
    def versions(self) -> set[str]:
        """The engine versions that its clusters ask for."""
        regions = [region for account in self.accounts.values() for region in account.get("regions", {}).values()]
        clusters = [cluster for region in regions for cluster in region.get("clusters", {}).values()]
        return {cluster["engine_version"] for cluster in clusters if "engine_version" in cluster}

    @property
    def main_account(self) -> str:
        """The account whose operator's keys are the sandbox's: the first one."""
        return next(iter(self.accounts))


def demo() -> World:
    """The shipped world, which needs no check."""
    return _world(_complete(read_yaml(SHIPPED["demo"]), SHIPPED["demo"]))


def world_of(content: Mapping[str, Any], file: Path) -> World:
    """The world of a checked ``world:``.

    :raises SandboxError: what it refers to is not there, or it is incomplete.
    """
    merged = _complete(content, file)
    check(merged, file, "world")
    if not merged.get("accounts"):
        raise SandboxError(f"{file}: world: there must be an account, or extends: demo.")
    _check_regions(merged["accounts"], file)
    return _world(merged)


def _world(content: Mapping[str, Any]) -> World:
    accounts = content["accounts"]
    regions = [region for account in accounts.values() for region in account.get("regions", {})]
    default = content.get("default_region") or next(iter(regions), "us-east-1")
    return World(accounts, default, content.get("public", {}))


def _complete(content: Mapping[str, Any], file: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """With its files found and what it extends."""
    own: dict[str, Any] = _with_files(content, file, ("world",))
    wanted = own.pop("extends", None)
    if wanted is None:
        complete: dict[str, Any] = without_nulls(own)
        return complete
    base = SHIPPED.get(wanted, (file.parent / wanted).absolute())
    if not base.is_file():
        near = hint(wanted, SHIPPED)
        raise SandboxError(f"{file}: world.extends: there is neither a world {wanted} nor a file {base}{near}.")
    if base in seen:
        raise SandboxError(f"{file}: world.extends: {base} extends itself.")
    extended = read_yaml(base)
    if base not in SHIPPED.values():
        check(without_nulls(extended), base, "world", partial="extends" in extended)
    return merge(_complete(extended, base, (*seen, base)), own)


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged key by key, null removes a key, everything else replaces what was there."""
    merged = dict(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def without_nulls(content: Any) -> Any:
    """Without the keys that only remove."""
    if isinstance(content, Mapping):
        return {key: without_nulls(value) for key, value in content.items() if value is not None}
    return content


def _with_files(content: Any, file: Path, path: tuple[Any, ...]) -> Any:
    """With policies read and SQL files found, relative to the file that names them."""
    if not isinstance(content, Mapping):
        return content
    found = {}
    for key, value in content.items():
        at = (*path, key)
        if key == "sql" and isinstance(value, str | list):
            names = [value] if isinstance(value, str) else value
            found[key] = [str(_existing(name, file, at)) for name in names]
        elif key == "policies" and isinstance(value, list):
            found[key] = [_policy(item, file, (*at, number)) for number, item in enumerate(value)]
        elif key == "policy" and isinstance(value, str):
            found[key] = _policy(value, file, at)
        else:
            found[key] = value if key in OPAQUE else _with_files(value, file, at)
    return found


def _existing(name: str, file: Path, path: tuple[Any, ...]) -> Path:
    there = (file.parent / name).absolute()
    if not there.is_file():
        raise SandboxError(f"{file}: {place(path)}: there is no file {there}.")
    return there


def _policy(item: Any, file: Path, path: tuple[Any, ...]) -> Any:
    if not isinstance(item, str):
        return item
    there = _existing(item, file, path)
    try:
        document = json.loads(there.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SandboxError(f"{file}: {place(path)}: {there} is not a JSON file: {error}.") from error
    if not isinstance(document, dict) or "Statement" not in document:
        raise SandboxError(f"{file}: {place(path)}: {there} is not a policy: it has no Statement.")
    return document


@functools.cache
def _regions() -> list[str]:
    """Of AWS's standard partition."""
    return list(botocore.session.Session().get_available_regions("rds"))


def _check_regions(accounts: Mapping[str, Any], file: Path) -> None:
    known = _regions()
    for account, content in accounts.items():
        for region in content.get("regions", {}):
            if region not in known:
                where = place(("world", "accounts", account, "regions"))
                raise SandboxError(f"{file}: {where}: there is no region {region}{hint(region, known)}.")
