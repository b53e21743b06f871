# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a scenario against its schema, and says in one sentence what is wrong."""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sandbox.durations import ALL as DURATIONS
from sandbox.errors import SandboxError
from sandbox.scenario.reading import read_yaml

SCHEMA = Path(__file__).with_name("schema.yml")
FAULT_SCHEMA = Path(__file__).parents[1] / "faults" / "schema.yml"
KINDS = {
    "object": "a mapping", "array": "a list", "string": "a text", "number": "a number", "integer": "a whole number",
    "boolean": "true or false", "null": "null",
}  # fmt: skip

BOUNDS = {
    "minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than", "exclusiveMaximum": "less than",
}  # fmt: skip


@functools.cache
def schema() -> dict[str, Any]:
    """The whole schema, with what is known elsewhere put in: durations and faults."""
    whole = read_yaml(SCHEMA)
    durations = whole["$defs"]["durations"]
    any_duration = durations["additionalProperties"]
    durations |= {"properties": dict.fromkeys(DURATIONS, any_duration), "additionalProperties": False}
    if FAULT_SCHEMA.exists():
        fault = read_yaml(FAULT_SCHEMA)
        whole["$defs"] |= fault.pop("$defs", {})
        fault.pop("$schema", None)
        whole["properties"]["faults"]["items"] = fault
    return whole


def check(content: Mapping[str, Any], file: Path, part: str = "", partial: bool = False) -> None:
    """
    :param part: the key of the schema that the content is the value of; all of it by default.
    :param partial: it is to be merged into something else, which may have what is required.
    :raises SandboxError: the file, the place in it, what is wrong there, and what was probably meant.
    """
    # Late: a sandbox without a scenario does not need it.
    jsonschema: Any = importlib.import_module("jsonschema")
    whole = schema()
    if part:
        whole = {"$ref": f"#/properties/{part}", "$defs": whole["$defs"], "properties": whole["properties"]}
    found = jsonschema.Draft202012Validator(whole).iter_errors(content)
    errors = [error for error in found if not (partial and error.validator == "required")]
    if errors:
        raise SandboxError(f"{file}: {sentence(min(errors, key=_rank))}")


def _rank(error: Any) -> tuple[int, int, list[str]]:
    """Of several errors, the first one tells: a wrong name; then a wrong value; then what is missing."""
    kinds = {"additionalProperties": 0, "required": 2}
    path = [str(step) for step in error.absolute_path]
    return kinds.get(error.validator, 1), len(path), path


def place(path: Iterable[Any]) -> str:
    """``faults[0].service``; keys with dots or slashes are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = str(step) if all(letter.isalnum() or letter in "_-" for letter in str(step)) else f'"{step}"'
            text += f".{name}" if text else name
    return text


def sentence(error: Any) -> str:
    """What a jsonschema error means to whoever wrote the file."""
    where = place(error.absolute_path)
    if error.validator == "additionalProperties":
        return _unknown_key(error, where)
    if error.parent is not None and "propertyNames" in error.absolute_schema_path:
        return f"{_at(where)}the name {error.instance!r} {error.schema.get('x-says', error.message)}."
    closer = _closer(error)
    if closer is not None:
        return sentence(closer)
    if error.validator == "required":
        return f"{_at(where)}the key {_missing(error)} is missing."
    if error.validator in ("minItems", "maxItems", "minProperties"):
        most = "at most" if error.validator == "maxItems" else "at least"
        return f"{_at(where)}must have {most} {error.validator_value} entries, not {len(error.instance)}."
    return f"{_at(where)}{_wrong(error)}, not {_shown(error.instance)}."


def _at(where: str) -> str:
    return f"{where}: " if where else ""


def _unknown_key(error: Any, where: str) -> str:
    known = list(error.schema.get("properties", {}))
    unknown = next(str(key) for key in error.instance if key not in known)
    return f"{_at(where)}there is no key {unknown}{hint(unknown, known)}."


def hint(word: str, known: Iterable[str]) -> str:
    """What was probably meant, or what there is."""
    known = list(known)
    near = difflib.get_close_matches(word, known, 1, 0.6)
    if near:
        return f" (did you mean {near[0]}?)"
    return f"; there are: {', '.join(known)}" if known else ""


def _closer(error: Any) -> Any:
    """Of a value that fits none of several forms: the error in the one that it was meant to have, if that is clear."""
    if error.validator not in ("oneOf", "anyOf") or not error.context:
        return None
    forms: dict[Any, list[Any]] = {}
    for inner in error.context:
        forms.setdefault(inner.schema_path[0], []).append(inner)
    meant = [
        errors for errors in forms.values() if not any(item.validator == "type" and not item.path for item in errors)
    ]
    if len(meant) != 1:
        return None
    return meant[0][0]


def _missing(error: Any) -> str:
    return next(str(key) for key in error.validator_value if key not in error.instance)


def _wrong(error: Any) -> str:
    says = error.schema.get("x-says")
    if says:
        return str(says)
    value = error.validator_value
    if error.validator == "type":
        kinds = [value] if isinstance(value, str) else value
        return "must be " + " or ".join(KINDS.get(kind, kind) for kind in kinds)
    if error.validator == "enum":
        near = hint(str(error.instance), map(str, value)) if len(value) > 6 else ""
        return f"must be one of {', '.join(map(str, value))}{near}"
    if error.validator in BOUNDS:
        return f"must be {BOUNDS[error.validator]} {value}"
    return f"does not fit ({' '.join(str(error.message).split())})"


def _shown(value: Any) -> str:
    """A value, and what kind it is where quotes do not tell."""
    if isinstance(value, dict | list):
        kind = KINDS["object" if isinstance(value, dict) else "array"]
        return kind if value else kind.replace("a ", "an empty ")
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
