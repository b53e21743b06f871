# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading YAML files: a key given twice is an error, dates stay text, a number as a key becomes text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import SandboxError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_Loader):
    """A safe loader that refuses what a person has hardly meant."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        self.flatten_mapping(node)
        for key_node, _value in node.value:
            key = str(self.construct_object(key_node, deep=True))
            if key in seen:
                problem = f"the key {key} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key)
        return {_text(key): value for key, value in super().construct_mapping(node, deep=deep).items()}


# What looks like a date stays the text that it is.
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def _text(key: Any) -> str:
    """As it was written, where that can be told: true and 1 are no names."""
    return key if isinstance(key, str) else str(key).lower() if isinstance(key, bool) else str(key)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; an empty file is an empty one.

    :raises SandboxError: it can't be read, or is no YAML, or no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SandboxError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SandboxError(f"{path} can't be read: {reason}.") from error
    try:
        content = yaml.load(text, Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise SandboxError(f"{path} is not valid YAML: {_first_words(error)}.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SandboxError(f"{path} must hold a mapping of keys, not {type(content).__name__}.")
    return content


def _first_words(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return where + " ".join(str(problem or error).split())
