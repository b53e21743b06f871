# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page "Errors, one by one", made from the code that raises them.

Reads the syntax trees of plugins/ and the tasks of roles/ and playbooks/; nothing is run or imported. A place whose
sentence can't be read makes this fail, unless PASSED_ON says whose sentence it hands on: so none is missing.

    python scripts/error_catalogue.py          writes the page
    python scripts/error_catalogue.py --check  says whether it is what the code gives
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import yaml

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = "docs/docsite/rst/errors.rst"
ROOT = "RestoreError"
PACKAGE = "ansible_collections.dbops.aurora_restore."
UTILS = "plugins/module_utils/"
# What stands in the way is collected in these, and raised as one error by those who collected it: kind, meaning, and
# which argument is the sentence.
SENTENCES = {
    "Problem": ("check", "Preflight looked before anything was changed, and found this.", 0),
    "Refusal": ("refused", "A guard refused: going on could destroy the wrong thing.", 0),
    "blocked": ("check", "Preflight looked before anything was changed, and found this.", 1),
}
# Raised by pure code; a filter or a module tells them as its own error.
PLAIN = ("ValueError", "AnsibleFilterError")
PLAIN_MEANING = "A value can't be used; nothing was changed by the task that says so."
CHECK_TODO = "Correct or give what the sentence names; ``--check`` looks again and changes nothing."
UNTOLD_TODO = "What the error within the sentence says, or nothing: a run goes on without that check."

# Places that hand on sentences which are in the page by themselves, and why: file, function, expression; for a task its
# file and name.
PASSED_ON: dict[tuple[str, str, str], str] = {
    (UTILS + "_config/importing.py", "imported", "told"): "the ValueErrors of this file",
    ("plugins/filter/config_inventory.py", "config_inventory", "str(error)"): "the ValueErrors of _config",
    ("plugins/filter/iam_policies.py", "iam_policies", "str(error)"): "the ValueErrors of _iam",
    ("plugins/filter/pg_database_plan.py", "pg_database_plan", "str(error)"): "the ValueErrors of _postgres",
    ("plugins/filter/pg_identifier.py", "pg_identifier", "str(error)"): "the ValueErrors of _postgres",
    ("plugins/filter/pg_role_plan.py", "pg_role_plan", "str(error)"): "the ValueErrors of _postgres",
    (UTILS + "_credentials/rotating.py", "rotate_users", "str(error)"): "the ValueErrors of _postgres",
    (UTILS + "_errors.py", "__init__", "hint"): "the class itself, which keeps what it is given",
    (UTILS + "_module.py", "run", "module.fail_json(msg=str(error), error=error.to_dict())"): "every error, once",
    (UTILS + "_plan/checks.py", "check_target", "refusal.message"): "the Refusals of guards.py",
    (UTILS + "_plan/checks.py", "check_database", "str(error)"): "the errors of _plan/database.py",
    (UTILS + "_plan/checks.py", "_database_host", "problem"): "TOLD_BY: the module on that host made them",
    (UTILS + "_plan/checks.py", "_unread", "str(fact.error)"): "what AWS or the secret said when it was read",
    (UTILS + "_rds/deleting.py", "refuse", "' '.join((item.message for item in refusals))"): "the Refusals",
    ("plugins/modules/restore_plan.py", "operation_check", "problem['message']"): "the error of the module operation",
    ("roles/aurora_restore/tasks/failed.yml", "Say why a check run failed", ""): "the error of a step",
    ("roles/aurora_restore/tasks/plan.yml", "Refuse what a run would refuse", ""): "the sentences of the checks",
    ("roles/bootstrap/tasks/present.yml", "Make them up", ""): "its rescue tells the error of the filter",
    ("roles/db_users/tasks/main.yml", "Say what failed, without verifiers of passwords", ""): "PostgreSQL's own error",
}
# Functions that make sentences which are handed on through a result: file and function.
TOLD_BY = ((UTILS + "_plan/database_host.py", "problems"),)
# Tasks of which all sentences are parts of one.
ONE_SENTENCE = (
    ("roles/aurora_restore/tasks/failed.yml", "Fail with the error"),
    ("roles/bootstrap/tasks/stood_in_the_way.yml", "End with what stood in the way"),
)
# What helps, for tasks whose sentence is only about what is wrong.
TASK_TODOS = {
    ("roles/aurora_restore/tasks/failed.yml", "Stop, since the target is another operation's"): (
        "Look at the operations of the target (playbook status.yml), then start a new run if it is still wanted."
    ),
    ("roles/bootstrap/tasks/present.yml", "Refuse policies that IAM would not take"): (
        "Correct the name or ARN that the sentence begins with."
    ),
    ("roles/bootstrap/tasks/stood_in_the_way.yml", "End with what stood in the way"): (
        "Mend what CloudFormation says, or use what is there as the sentence says; then run it again."
    ),
    ("roles/credentials_rotate/tasks/main.yml", "Require that it is there and runs"): (
        "Start the cluster, wait until it is available, or correct aurora_restore_target_cluster_id."
    ),
    ("roles/db_users/tasks/main.yml", "Require that it can do what follows"): (
        "Let that host in by the database's security group, or name another one in aurora_restore_db_host."
    ),
}


@dataclass(frozen=True)
class Area:
    """Where errors occur, and what is true of another run there.

    :param starts: beginnings of the paths of the files that raise them; the longest one that fits decides.
    :param todo: what helps against a value that can't be used, where its sentence only says what is wrong with it.
    """

    title: str
    where: str
    again: str
    starts: tuple[str, ...]
    todo: str = "Correct what the sentence names."


RESUMES = "the same command resumes the operation, or begins it if it had not begun."
HARMLESS = "nothing was changed; run it again when that is mended."
AREAS = (
    Area(
        "Before the run: variables and preflight",
        "Playbook ``restore.yml`` (also with ``--check``), roles ``aurora_restore`` and ``preflight``, module"
        " ``restore_plan``; the target is untouched.",
        HARMLESS,
        (UTILS + "_plan/", UTILS + "_regions.py", "plugins/modules/restore_plan.py", "roles/preflight/",
         "roles/aurora_restore/", "playbooks/restore.yml", "plugins/modules/database_host_info.py"),
    ),
    Area("Step snapshot_check", "Role ``snapshot_check``, module ``snapshot_info``.", RESUMES,
         (UTILS + "_rds/selection.py", "plugins/modules/snapshot_info.py", "roles/snapshot_check/")),
    Area("Step snapshot_copy", "Role ``snapshot_copy``, module ``snapshot_copy``.", RESUMES,
         (UTILS + "_rds/copying.py", "plugins/modules/snapshot_copy.py", "roles/snapshot_copy/")),
    Area(
        "Step cluster_delete",
        "Role ``cluster_delete``, module ``cluster_delete``; the guards are asked by preflight, too.",
        RESUMES,
        (UTILS + "_rds/deleting.py", UTILS + "_rds/guards.py", UTILS + "_rds/replacement.py",
         "plugins/modules/cluster_delete.py", "roles/cluster_delete/"),
    ),
    Area("Step cluster_restore", "Role ``cluster_restore``, modules ``cluster_restore`` and ``cluster_modify``.",
         RESUMES,
         (UTILS + "_rds/", "plugins/modules/cluster_restore.py", "plugins/modules/cluster_modify.py",
          "plugins/modules/cluster_info.py", "roles/cluster_restore/")),
    Area("Step db_users", "Role ``db_users``, filters ``pg_*`` and ``scram_sha_256``.", RESUMES,
         (UTILS + "_postgres/", "roles/db_users/", "plugins/filter/pg_", "plugins/filter/scram_sha_256.py"),
         "Correct that value where it comes from: the secret of the application's credentials, or the inventory."),
    Area("End of the run and step notification", "Roles ``aurora_restore`` and ``notification``, at the end.",
         "as the sentence says.",
         ("roles/aurora_restore/tasks/failed.yml", "roles/notification/")),
    Area("Any step: waiting", "Every step that waits for AWS.", RESUMES,
         (UTILS + "_rds/waiting.py", UTILS + "_poller.py", UTILS + "_runner.py", UTILS + "_journal.py")),
    Area(
        "Any step: operations, locks and the state table",
        "Modules ``operation`` and ``operation_info``, every step that writes to the state table, playbooks"
        " ``status.yml``, ``unlock.yml`` and ``abort.yml``.",
        RESUMES,
        (UTILS + "_state/", "plugins/modules/operation", "playbooks/unlock.yml", "playbooks/status.yml",
         "playbooks/abort.yml"),
    ),
    Area("Any step: secrets", "Everything that reads a secret: preflight, ``cluster_restore``, ``db_users``, rotation.",
         RESUMES, (UTILS + "_secrets.py", "plugins/modules/secret_info.py")),
    Area("Bootstrap", "Playbook ``bootstrap.yml``, role ``bootstrap``.", "the same command takes up what is there.",
         ("roles/bootstrap/", "playbooks/bootstrap.yml"),
         "Correct that variable, in the inventory or after -e."),
    Area("Rotation of passwords", "Playbook ``rotate_credentials.yml``, role ``credentials_rotate``, modules"
         " ``credentials_rotate`` and ``secret`` (which bootstrap uses as well).",
         "the same command goes on with what is pending.",
         (UTILS + "_credentials/", "plugins/modules/credentials_rotate.py", "plugins/modules/secret.py",
          "roles/credentials_rotate/", "playbooks/rotate_credentials.yml"),
         "Correct the variable's name; the guide on rotation lists those that there are."),
    Area("Cleanup", "Playbook ``cleanup.yml``, role ``cleanup``, module ``cleanup``.",
         "the same command goes on with what is left.",
         (UTILS + "_cleanup/", "plugins/modules/cleanup.py", "roles/cleanup/", "playbooks/cleanup.yml"),
         "Correct the variable's name; the guide on cleanup lists those that there are."),
    Area("Policies", "Playbooks ``policies.yml`` and ``bootstrap.yml``, filter ``iam_policies``.", HARMLESS,
         (UTILS + "_iam/", "plugins/filter/iam_policies.py", "roles/policies/", "playbooks/policies.yml"),
         "Correct that name in the inventory, or in what the filter is given."),
    Area("An inventory from a config.json", "Playbook ``import_config.yml``, filter ``config_inventory``.",
         "nothing was written; run it again when that is mended.",
         (UTILS + "_config/", "plugins/filter/config_inventory.py", "playbooks/import_config.yml"),
         "Correct that key in the file."),
    Area("Anywhere: what AWS refuses, and the connection to it", "Every call to AWS.", RESUMES,
         (UTILS + "_aws.py", UTILS + "_clock.py", UTILS + "_errors.py", UTILS + "_module.py")),
    Area("The log", "Callback ``operation_log``, modules that ship logs; a run goes on without them.", HARMLESS,
         (UTILS + "_observe/", "plugins/callback/")),
)  # fmt: skip
AREA_OF = {start: area.title for area in AREAS for start in area.starts}
VALUE_TODOS = {area.title: area.todo for area in AREAS}


@dataclass(frozen=True)
class Entry:
    """One error: its sentences (more than one where words depend on the case), and what an operator does."""

    area: str
    place: str
    kind: str
    meaning: str
    texts: tuple[str, ...]
    todos: tuple[str, ...]
    resumes: bool | None
    codes: tuple[str, ...] = ()
    blocks: bool = True
    line: int = 0
    in_parts: bool = False


class Unreadable(Exception):
    """A place whose sentence can't be read."""


# --- Python: what an expression can say ---------------------------------------------------------------------------


@dataclass
class Source:
    """A file's tree, with what a name in it can mean."""

    path: str
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    constants: dict[str, ast.AST] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, path: str, text: str) -> Source:
        source = cls(path, ast.parse(text))
        for node in ast.walk(source.tree):
            for child in ast.iter_child_nodes(node):
                source.parents[child] = node
            if isinstance(node, ast.FunctionDef):
                source.functions.setdefault(node.name, node)
            elif isinstance(node, ast.ClassDef):
                source.classes[node.name] = node
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
                folder = (node.module or "").removeprefix(PACKAGE).replace(".", "/")
                for alias in node.names:
                    source.imports[alias.asname or alias.name] = (folder, alias.name)
        for statement in source.tree.body:
            if isinstance(statement, ast.Assign):
                target = statement.targets[0]
                for name in [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]:
                    source.constants.update((name, value) for value in _parts(target, statement.value, name))
            elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
                source.constants[statement.target.id] = statement.value
        return source

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node is in, from the innermost outwards."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def function_of(self, node: ast.AST) -> ast.FunctionDef | None:
        return next((outer for outer in self.around(node) if isinstance(outer, ast.FunctionDef)), None)


def spelled(name: str) -> str:
    """A name of the code in words."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).strip("_")
    return re.sub(r"[^A-Za-z0-9]+", " ", name).strip().lower()


DULL = ("id", "name", "status", "message", "arn", "region", "text", "reason", "kind", "engine", "error")
SILENT = ("self", "case", "wishes", "wish", "params", "context", "request", "item", "wanted", "world", "settings")


def blank(node: ast.AST) -> str:
    """How a part that the case decides is shown: <cluster id>."""
    return f"<{_blank(node) or '…'}>"


def _blank(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return spelled(node.id)
    if isinstance(node, ast.Attribute):
        inner = _blank(node.value).split(" ")[-1]
        return f"{inner} {spelled(node.attr)}" if node.attr in DULL and inner not in SILENT else spelled(node.attr)
    if isinstance(node, ast.Subscript):
        said = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return spelled(said) if isinstance(said, str) else _blank(node.value)
    if isinstance(node, ast.Call):
        return _blank_call(node)
    if isinstance(node, ast.BoolOp):
        return _blank(node.values[0])
    if isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
        return _blank(node.elt)
    if isinstance(node, ast.IfExp):
        return _blank(node.body)
    if isinstance(node, (ast.Tuple, ast.List)) and node.elts:
        return _blank(node.elts[0])
    if isinstance(node, ast.Starred):
        return _blank(node.value)
    return _blank(node.left) if isinstance(node, ast.BinOp) else ""


def _blank_call(node: ast.Call) -> str:
    called = node.func
    if isinstance(called, ast.Attribute):
        first = node.args[0] if node.args else None
        if called.attr == "get" and isinstance(first, ast.Constant):
            return spelled(str(first.value))
        if called.attr == "join" and first is not None:
            return _blank(first)
        return _blank(called.value) or spelled(called.attr)
    if isinstance(called, ast.Name) and called.id in ("len", "sum"):
        return "number"
    if isinstance(called, ast.Name) and called.id in (
        "str",
        "repr",
        "sorted",
        "min",
        "max",
        "list",
        "set",
        "next",
        "round",
        "int",
        "abs",
    ):
        return _blank(node.args[0])
    return spelled(called.id) if isinstance(called, ast.Name) else ""


# So many variants of one sentence are told; where there would be more, the part with the most is left open.
MOST = 12
DEEP = 14
# Names whose callers are everywhere.
OPEN = ("action", "resource", "called")


class Reader:
    """Reads what expressions can say, through assignments, loops, parameters and functions of the collection."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.sources = sources
        self._open: list[tuple[int, bool]] = []
        self._calls: dict[str, list[tuple[Source, ast.Call]]] = {}
        for source in sources.values():
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Call):
                    self._calls.setdefault(_called_name(node), []).append((source, node))

    def texts(self, source: Source, node: ast.AST | None) -> list[str]:
        """All that a text can be; what the case decides is in <>."""
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return []
        return self._guarded(source, node, False) or [blank(node)]

    def items(self, source: Source, node: ast.AST | None) -> list[str]:
        """The texts that can be in a list; none where that can't be told."""
        return self._guarded(source, node, True)

    def _guarded(self, source: Source, node: ast.AST | None, many: bool) -> list[str]:
        key = (id(node), many)
        if node is None or key in self._open or len(self._open) > DEEP:
            return []
        self._open.append(key)
        try:
            made = (self._items if many else self._texts)(source, node)
        finally:
            self._open.pop()
        return list(dict.fromkeys(made))

    def _texts(self, source: Source, node: ast.AST) -> list[str]:
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else [] if node.value is None else [str(node.value)]
        if isinstance(node, ast.FormattedValue):
            return self._part(source, node.value)
        if isinstance(node, ast.JoinedStr):
            return self._product(source, node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._product(source, [node.left, node.right])
        if isinstance(node, ast.IfExp):
            return self.texts(source, node.body) + self.texts(source, node.orelse)
        if isinstance(node, ast.BoolOp):
            return [text for value in node.values for text in self.texts(source, value)]
        if isinstance(node, ast.Name):
            return [text for where, value, many in self._meant(source, node) for text in self._one(where, value, many)]
        if isinstance(node, ast.Subscript):
            return [text for _key, text in self.chosen(source, node)]
        return self._called(source, node) if isinstance(node, ast.Call) else []

    def _part(self, source: Source, node: ast.AST) -> list[str]:
        """What a place within a sentence can say: phrases as they are, names and numbers as what they are of."""
        if isinstance(node, ast.Name) and node.id in OPEN:
            return [blank(node)]
        found = self.texts(source, node)
        plain = [text for text in found if "<" not in text]
        if len(found) == 1 and plain:
            return found
        if plain == found and len(found) == 2 and all(re.fullmatch(r"[a-z ]+", text) for text in found):
            return found
        kept = [text for text in found if not text or (" " in text.strip() and words(text))]
        if not any(kept):
            return [blank(node)]
        return kept if len(kept) == len(found) else [*kept, blank(node)]

    def _one(self, source: Source, value: ast.AST, many: bool) -> list[str]:
        return self.items(source, value) if many else self.texts(source, value)

    def _product(self, source: Source, parts: Sequence[ast.AST]) -> list[str]:
        """Texts one after the other; a part that can be too many things is left open."""
        options = [self.texts(source, part) or [""] for part in parts]
        while len(list(itertools.islice(itertools.product(*options), MOST + 1))) > MOST:
            most = max(range(len(options)), key=lambda index: len(options[index]))
            options[most] = [blank(parts[most])]
        return ["".join(chosen) for chosen in itertools.product(*options)]

    def _called(self, source: Source, node: ast.Call) -> list[str]:
        called, first = node.func, node.args[0] if node.args else None
        if isinstance(called, ast.Attribute):
            if called.attr == "join":
                return self._joined(source, called.value, first)
            if called.attr == "get":
                return [text for _key, text in self.chosen(source, node)]
            if called.attr in ("strip", "rstrip", "removesuffix", "format"):
                found = self.texts(source, called.value)
                return [text.rstrip(".") for text in found] if called.attr == "rstrip" else found
        if isinstance(called, ast.Name) and called.id in ("str", "repr"):
            return self.texts(source, first)
        if isinstance(called, ast.Name) and called.id == "next":
            return self.items(source, first)
        found_function = self.function(source, called)
        if not found_function:
            return []
        where, function = found_function
        return [text for value in _returned(function) for text in self.texts(where, value)]

    def _joined(self, source: Source, separator: ast.AST, listed: ast.AST | None) -> list[str]:
        """A list that is a constant as a whole, any other as what can be in it."""
        constant = self._constant(source, listed) if isinstance(listed, (ast.Name, ast.Attribute)) else None
        values = getattr(constant[1], "elts", []) if constant else []
        if values and isinstance(separator, ast.Constant) and all(isinstance(item, ast.Constant) for item in values):
            return [str(separator.value).join(str(item.value) for item in values)]
        return self.items(source, listed)

    def _items(self, source: Source, node: ast.AST) -> list[str]:
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [text for element in node.elts for text in self._element(source, element)]
        if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
            return self._guarded(source, node.elt, False)
        if isinstance(node, ast.BinOp):
            return self.items(source, node.left) + self.items(source, node.right)
        if isinstance(node, ast.IfExp):
            return self.items(source, node.body) + self.items(source, node.orelse)
        if isinstance(node, ast.BoolOp):
            return [text for value in node.values for text in self.items(source, value)]
        if isinstance(node, ast.Name):
            found = [text for where, value, _many in self._meant(source, node) for text in self.items(where, value)]
            return found + self._appended(source, node)
        return self._called_items(source, node) if isinstance(node, ast.Call) else []

    def _element(self, source: Source, element: ast.AST) -> list[str]:
        if isinstance(element, ast.Starred):
            return self.items(source, element.value)
        return self._guarded(source, element, False)

    def _called_items(self, source: Source, node: ast.Call) -> list[str]:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in ("sorted", "list", "set", "fromkeys", "tuple"):
            return self.items(source, node.args[0] if node.args else None)
        if name == "filter":
            return self.items(source, node.args[1])
        found = self.function(source, node.func)
        if not found:
            return []
        where, function = found
        texts = [text for value in _returned(function) for text in self.items(where, value)]
        for inner in ast.walk(function):
            if isinstance(inner, ast.Yield):
                texts += self.texts(where, inner.value)
            elif isinstance(inner, ast.YieldFrom):
                texts += self.items(where, inner.value)
        return texts

    def _appended(self, source: Source, name: ast.Name) -> list[str]:
        """What is put into a local list later on."""
        found: list[str] = []
        for node in ast.walk(source.function_of(name) or source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                if isinstance(node.func.value, ast.Name) and node.func.value.id == name.id:
                    if node.func.attr == "append":
                        found += self._guarded(source, node.args[0], False)
                    elif node.func.attr == "extend":
                        found += self.items(source, node.args[0])
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name.id:
                found += self.items(source, node.value)
        return found

    def chosen(self, source: Source, node: ast.AST) -> list[tuple[str, str]]:
        """What a table that is a constant can give, by key: TABLE[x] and TABLE.get(x, default)."""
        holder = node.value if isinstance(node, ast.Subscript) else getattr(getattr(node, "func", None), "value", None)
        found = self._constant(source, holder) if isinstance(holder, (ast.Name, ast.Attribute)) else None
        if not found or not isinstance(found[1], ast.Dict):
            return []
        where, table = found[0], found[1]
        pairs = [
            (str(getattr(key, "value", "")), text)
            for key, value in zip(table.keys, table.values, strict=True)
            for text in self._guarded(where, value, False)
        ]
        if isinstance(node, ast.Call) and len(node.args) > 1:
            pairs += [("", text) for text in self._guarded(source, node.args[1], False)]
        return pairs

    def _constant(self, source: Source, node: ast.AST) -> tuple[Source, ast.AST] | None:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            other = self._module(source, node.value.id)
            return (other, other.constants[node.attr]) if other and node.attr in other.constants else None
        if not isinstance(node, ast.Name):
            return None
        if node.id in source.constants:
            return source, source.constants[node.id]
        other = self.sources.get(source.imports.get(node.id, ("", ""))[0] + ".py")
        return (other, other.constants[node.id]) if other and node.id in other.constants else None

    def _module(self, source: Source, name: str) -> Source | None:
        folder, inner = source.imports.get(name, ("", ""))
        return self.sources.get(f"{folder}/{inner}.py")

    def function(self, source: Source, called: ast.AST) -> tuple[Source, ast.FunctionDef] | None:
        """The collection's own function that is called, if it is one."""
        if isinstance(called, ast.Name):
            if called.id in source.functions:
                return source, source.functions[called.id]
            folder, name = source.imports.get(called.id, ("", ""))
            other = self.sources.get(folder + ".py")
            return (other, other.functions[name]) if other and name in other.functions else None
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            other = source if called.value.id in ("self", "cls") else self._module(source, called.value.id)
            return (other, other.functions[called.attr]) if other and called.attr in other.functions else None
        return None

    def _meant(self, source: Source, name: ast.Name) -> Iterator[tuple[Source, ast.AST, bool]]:
        """The expressions that a name can stand for; True: for each of the expression's items."""
        for outer in source.around(name):
            for loop in getattr(outer, "generators", []):
                if isinstance(loop.target, ast.Name) and loop.target.id == name.id:
                    yield source, loop.iter, True
                    return
            if isinstance(outer, ast.For):
                bound = list(_looped(outer, name.id))
                if bound:
                    yield from ((source, value, many) for value, many in bound)
                    return
            before = _assigned_before(outer, source, name)
            if before is not None:
                yield source, before, False
                return
            if isinstance(outer, ast.FunctionDef):
                found = list(self._local(source, outer, name.id))
                if found:
                    yield from found
                    return
        constant = self._constant(source, name)
        if constant:
            yield constant[0], constant[1], False

    def _local(self, source: Source, function: ast.FunctionDef, name: str) -> Iterator[tuple[Source, ast.AST, bool]]:
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    yield from ((source, value, False) for value in _parts(target, node.value, name))
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                if isinstance(node.target, ast.Name) and node.target.id == name:
                    yield source, node.value, False
            elif isinstance(node, ast.For):
                yield from ((source, value, many) for value, many in _looped(node, name))
        yield from ((where, value, False) for where, value in self._given(source, function, name))

    def _given(self, source: Source, function: ast.FunctionDef, name: str) -> Iterator[tuple[Source, ast.AST]]:
        """What callers give for a parameter: all of those in the same file, others as far as they name the function."""
        names = [argument.arg for argument in function.args.posonlyargs + function.args.args]
        if name not in names and name not in [argument.arg for argument in function.args.kwonlyargs]:
            return
        for where, call in self._calls.get(function.name, []):
            if where is not source and self.function(where, call.func) != (source, function):
                continue
            positional = names[1:] if names[:1] in (["self"], ["cls"]) else names
            yield from ((where, value) for own, value in zip(positional, call.args, strict=False) if own == name)
            yield from ((where, keyword.value) for keyword in call.keywords if keyword.arg == name)


def _looped(loop: ast.For, name: str) -> Iterator[tuple[ast.AST, bool]]:
    """What a loop gives to a name; True: the items of that."""
    if isinstance(loop.target, ast.Name) and loop.target.id == name:
        yield loop.iter, True
    elif isinstance(loop.iter, (ast.Tuple, ast.List)):
        for row in loop.iter.elts:
            yield from ((value, False) for value in _parts(loop.target, row, name))


def _assigned_before(outer: ast.AST, source: Source, name: ast.Name) -> ast.AST | None:
    """What a branch itself gives to a name right before its use there, whatever other branches give."""
    if not isinstance(outer, ast.If):
        return None
    inside = {name, *source.around(name)}
    block = outer.body if inside & set(outer.body) else outer.orelse
    for statement in block:
        if statement in inside:
            break
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == name.id:
            return statement.value
    return None


def _called_name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _returned(function: ast.FunctionDef) -> list[ast.expr]:
    return [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]


def _parts(target: ast.AST, value: ast.AST, name: str) -> Iterator[ast.AST]:
    """What an assignment gives to a name."""
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for part, given in zip(target.elts, value.elts, strict=False):
            yield from _parts(part, given, name)


# --- Python: the places that raise --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A class of errors: what it means, and what to do where the place itself does not say."""

    name: str
    meaning: str
    todo: str


def kinds_of(sources: Mapping[str, Source]) -> dict[str, Kind]:
    """The classes below RestoreError, wherever they are; each with its docstring and its own or inherited todo."""
    classes = {name: node for source in sources.values() for name, node in source.classes.items()}
    found: dict[str, Kind] = {}
    while True:
        new = [
            name for name, node in classes.items() if name not in found and (name == ROOT or _bases(node) & set(found))
        ]
        if not new:
            return found
        for name in new:
            node = classes[name]
            parent = next((found[base] for base in _bases(node) if base in found), Kind("error", "", ""))
            todo, kind = _attribute(node, "todo"), _attribute(node, "kind")
            meaning = (ast.get_docstring(node) or "").partition("\n")[0]
            found[name] = Kind(kind or parent.name, meaning or parent.meaning, todo or parent.todo)


def _bases(node: ast.ClassDef) -> set[str]:
    return {base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases}


def _attribute(node: ast.ClassDef, name: str) -> str:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == name:
            value = ast.literal_eval(statement.value)
            return str(value)
    return ""


def words(text: str) -> str:
    """What is always in a sentence."""
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def is_readable(text: str) -> bool:
    return len(re.findall(r"[A-Za-z]{2,}", words(text))) >= 2


VERBS = frozenset(
    (
        *("accept", "add", "allow", "ask", "aws", "change", "check", "choose", "copy", "correct", "create", "delete"),
        *("do", "download", "enable", "end", "find", "finish", "give", "grant", "have", "install", "leave", "let"),
        *("list", "log", "look", "make", "mend", "name", "pass", "promote", "put", "raise", "remove", "renew"),
        *("repair", "revoke", "run", "see", "set", "start", "stop", "switch", "tag", "take", "try", "turn", "upgrade"),
        *("use", "wait"),
    )
)


def advice(text: str) -> str:
    """What a sentence itself says is to be done: its last sentences, or what follows its colon."""
    for match in re.finditer(r"[.!?:;]\s+", text):
        said = text[match.end() :]
        if re.split(r"\W", said, maxsplit=1)[0].lower() in VERBS:
            return _stopped(said if said.startswith("aws ") else said[0].upper() + said[1:])
    return ""


class Catalogue:
    """All entries of some Python files."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """:param texts: what is in the files, by their paths below the checkout."""
        self.sources = {path: Source.of(path, text) for path, text in texts.items()}
        self.reader = Reader(self.sources)
        self.kinds = kinds_of(self.sources)
        self.passed: set[tuple[str, str, str]] = set()
        self.unreadable: list[str] = []

    def entries(self) -> list[Entry]:
        """:raises Unreadable: there are places whose sentence can't be read."""
        found = [entry for path in sorted(self.sources) for entry in self._of(self.sources[path])]
        found += [entry for path, name in TOLD_BY if path in self.sources for entry in self._told(path, name)]
        if self.unreadable:
            raise Unreadable("\n".join(self.unreadable))
        return found

    def _of(self, source: Source) -> Iterator[Entry]:
        for node in ast.walk(source.tree):
            try:
                if isinstance(node, ast.Call):
                    yield from self._call(source, node)
                elif isinstance(node, ast.Raise) and node.exc is not None:
                    self._raise(source, node.exc)
                elif isinstance(node, ast.Assign) and getattr(node.targets[0], "attr", "") == "hint":
                    yield from self._hinted(source, node)
            except Unreadable as error:
                self.unreadable.append(str(error))

    def _told(self, path: str, name: str) -> Iterator[Entry]:
        """The sentences that a function makes, each on its own."""
        source = self.sources[path]
        function = source.functions[name]
        kind, meaning, _index = SENTENCES["Problem"]
        for text in self.reader.items(source, ast.copy_location(_call_of(name), function)):
            todo = advice(text) or CHECK_TODO
            yield Entry(area_of(path), path, kind, meaning, (_stopped(text),), (todo,), None, line=function.lineno)

    def _call(self, source: Source, node: ast.Call) -> Iterator[Entry]:
        name = _called_name(node)
        if name == "fail_json":
            self._handed_on(source, node, node)
        if not (name in self.kinds or name in SENTENCES or (name in PLAIN and self._is_raised(source, node))):
            return
        index = SENTENCES[name][2] if name in SENTENCES else 0
        sentence = node.args[index] if len(node.args) > index else _keyword(node, "message")
        if sentence is None:
            raise Unreadable(_at(source, node, "has no sentence"))
        texts = [text for text in self.reader.texts(source, sentence) if is_readable(text)]
        if self._is_passed_on(source, node, sentence):
            return
        if not texts:
            raise Unreadable(_at(source, node, f"can't be read: {ast.unparse(sentence)}"))
        yield self._entry(source, node, name, texts)

    def _entry(self, source: Source, node: ast.Call, name: str, texts: list[str]) -> Entry:
        kind, meaning, todo = self._kind(source, name)
        hint = _keyword(node, "hint") or _keyword(node, "todo")
        todos = self._hints(source, hint) if hint is not None else []
        todos = todos or list(dict.fromkeys(filter(None, map(advice, texts))))
        todos = todos or [UNTOLD_TODO if hint is not None and name in SENTENCES else todo]
        blocks, unknown, resumes = (_keyword(node, key) for key in ("blocks", "unknown", "resumes"))
        return Entry(
            area_of(source.path),
            source.path,
            kind,
            meaning,
            tuple(_stopped(text) for text in texts),
            tuple(todos),
            None if name in SENTENCES or name in PLAIN else not _is_false(resumes),
            tuple(self._codes(source, node)),
            not (_is_false(blocks) and unknown is not None),
            node.lineno,
        )

    def _kind(self, source: Source, name: str) -> tuple[str, str, str]:
        if name in self.kinds:
            kind = self.kinds[name]
            return kind.name, kind.meaning, kind.todo
        if name in SENTENCES:
            return SENTENCES[name][0], SENTENCES[name][1], CHECK_TODO
        return "bad_input", PLAIN_MEANING, VALUE_TODOS[area_of(source.path)]

    def _hints(self, source: Source, hint: ast.AST) -> list[str]:
        """Hints that a table gives are told with what each of them is for."""
        for node in ast.walk(hint):
            named = [f"``{key}``: {text}" if key else text for key, text in self.reader.chosen(source, node)]
            if named:
                tail = hint.right.value if isinstance(hint, ast.BinOp) and isinstance(hint.right, ast.Constant) else ""
                return [text + str(tail) for text in named]
        return [text for text in self.reader.texts(source, hint) if is_readable(text)]

    def _hinted(self, source: Source, node: ast.Assign) -> Iterator[Entry]:
        """An error of AWS that is told with more than AWS says of it."""
        todos, codes = self._hints(source, node.value), self._codes(source, node)
        if self._is_passed_on(source, node, node.value):
            return
        if not todos:
            raise Unreadable(_at(source, node, f"gives a hint that can't be read: {ast.unparse(node.value)}"))
        kind, meaning, _todo = self._kind(source, "AwsError")
        shown = codes if len(codes) == 1 else ["<code>"]
        texts = tuple(f"<action> failed on <resource>: {code}: <what AWS says>." for code in shown)
        yield Entry(
            area_of(source.path), source.path, kind, meaning, texts, tuple(todos), True, tuple(codes), True, node.lineno
        )

    def _codes(self, source: Source, node: ast.AST) -> list[str]:
        """The codes for which a place is reached: those of the tests that it is in."""
        found: list[str] = []
        inner = node
        for outer in source.around(node):
            if isinstance(outer, ast.FunctionDef):
                break
            if isinstance(outer, ast.If) and inner in outer.body:
                found += self._tested(source, outer.test)
            inner = outer
        return list(dict.fromkeys(found))

    def _tested(self, source: Source, test: ast.AST) -> Iterator[str]:
        for node in ast.walk(test):
            if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith("code"):
                for part in node.comparators:
                    yield from self._strings(source, part)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                for where, value, _many in self.reader._meant(source, node):
                    called = self.reader.function(where, value.func) if isinstance(value, ast.Call) else None
                    if called:
                        for inner in ast.walk(called[1]):
                            if isinstance(inner, ast.Compare) and ast.unparse(inner.left).endswith("code"):
                                yield from (
                                    code for part in inner.comparators for code in self._strings(called[0], part)
                                )

    def _strings(self, source: Source, node: ast.AST) -> Iterator[str]:
        """The codes in an expression, and in the constants that it names."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield inner.value
            elif isinstance(inner, ast.Name):
                constant = self.reader._constant(source, inner)
                if constant:
                    yield from self._strings(*constant)

    def _is_raised(self, source: Source, node: ast.AST) -> bool:
        return isinstance(source.parents.get(node), ast.Raise)

    def _raise(self, source: Source, raised: ast.expr) -> None:
        """See that what is raised has an entry: it is made here, or by a function that makes one."""
        name = _called_name(raised) if isinstance(raised, ast.Call) else ""
        if name in self.kinds or name in PLAIN:
            return
        found = self.reader.function(source, raised.func) if isinstance(raised, ast.Call) else None
        if found and self._makes_errors(*found):
            return
        self._handed_on(source, raised, raised)

    def _makes_errors(self, source: Source, function: ast.FunctionDef) -> bool:
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _called_name(node) in self.kinds:
                return True
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "attr", "") == "hint":
                return True
        return False

    def _handed_on(self, source: Source, node: ast.AST, expression: ast.AST) -> None:
        if not self._is_passed_on(source, node, expression):
            raise Unreadable(_at(source, node, f"raises what can't be followed: {ast.unparse(expression)}"))

    def _is_passed_on(self, source: Source, node: ast.AST, expression: ast.AST) -> bool:
        function = source.function_of(node)
        key = (source.path, function.name if function else "", ast.unparse(expression))
        if key in PASSED_ON:
            self.passed.add(key)
        return key in PASSED_ON


def _call_of(name: str) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), [], [])


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)


def _is_false(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _stopped(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", ">")) else text + "."


def _at(source: Source, node: ast.AST, what: str) -> str:
    return f"{source.path}:{getattr(node, 'lineno', 0)}: {what}"


# --- YAML: tasks that fail ----------------------------------------------------------------------------------------


def tasks_of(node: Any) -> Iterator[Mapping[str, Any]]:
    """All tasks of a file, also those in blocks and plays."""
    if isinstance(node, list):
        for item in node:
            yield from tasks_of(item)
    elif isinstance(node, dict):
        yield node
        for value in node.values():
            yield from tasks_of(value)


# What names of variables begin with.
OWN = ("bootstrap", "credentials rotate", "db users", "aurora restore", "policies", "import config")


class Template:
    """What a template can say; variables are those of its task."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self.known = known
        self.jinja = jinja2.Environment(autoescape=False)  # noqa: S701 - it is parsed only

    def texts(self, value: Any, depth: int = 0) -> list[str]:
        if isinstance(value, list):
            return [text for item in value for text in self.texts(item, depth)]
        if depth > DEEP:
            return []
        nodes = self.jinja.parse(str(value)).find_all(jinja2.nodes.Output)
        return self._product([part for output in nodes for part in output.nodes], depth)

    def _product(self, parts: Sequence[jinja2.nodes.Node], depth: int) -> list[str]:
        options = [self._of(part, depth) or [self._blank(part)] for part in parts]
        while len(list(itertools.islice(itertools.product(*options), MOST + 1))) > MOST:
            most = max(range(len(options)), key=lambda index: len(options[index]))
            options[most] = [self._blank(parts[most])]
        return list(dict.fromkeys("".join(chosen) for chosen in itertools.product(*options)))

    def _of(self, node: jinja2.nodes.Node, depth: int) -> list[str]:
        nodes = jinja2.nodes
        if isinstance(node, nodes.TemplateData):
            return [node.data]
        if isinstance(node, nodes.Const):
            return [str(node.value)]
        if isinstance(node, nodes.CondExpr):
            return self._of(node.expr1, depth) + (self._of(node.expr2, depth) if node.expr2 else [])
        if isinstance(node, nodes.Concat):
            return self._product(node.nodes, depth)
        if isinstance(node, nodes.Or):
            return self._of(node.left, depth) + self._of(node.right, depth)
        if isinstance(node, nodes.Add):
            return self._of(node.left, depth) + self._of(node.right, depth)
        if isinstance(node, nodes.List):
            return [text for item in node.items for text in self._of(item, depth)]
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._of(node.node, depth) if node.name in ("select", "first", "join") else []
        if isinstance(node, nodes.Name) and node.name in self.known:
            return [text for text in self.texts(self.known[node.name], depth + 1) if words(text)]
        return [self._blank(node)] if isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)) else []

    def _blank(self, node: jinja2.nodes.Node) -> str:
        return f"<{self._named(node) or '…'}>"

    def _named(self, node: Any) -> str:
        nodes = jinja2.nodes
        if isinstance(node, nodes.Name):
            return re.sub(
                r"^(bootstrap|credentials rotate|db users|aurora restore|policies|import config) ",
                "",
                spelled(node.name),
            )
        if isinstance(node, nodes.Getattr):
            inner = self._named(node.node).split(" ")[-1]
            return f"{inner} {spelled(node.attr)}" if node.attr in DULL and inner != "item" else spelled(node.attr)
        if isinstance(node, nodes.Getitem):
            return self._named(node.node)
        if isinstance(node, nodes.Filter):
            return "number" if node.name == "length" else self._named(node.node)
        if isinstance(node, nodes.Dict):
            return self._named(node.items[0].key)
        if isinstance(node, nodes.Const):
            return str(node.value)
        if isinstance(node, nodes.Or):
            return self._named(node.left)
        return self._named(node.expr1) if isinstance(node, nodes.CondExpr) else ""


FAILING = ("ansible.builtin.fail", "ansible.builtin.assert")


def tasks_entries(files: Mapping[str, str], passed: set[tuple[str, str, str]]) -> list[Entry]:
    """The entries of all tasks that fail by themselves.

    :raises Unreadable: there are some whose sentence can't be read.
    """
    found: list[Entry] = []
    unreadable: list[str] = []
    for path in sorted(files):
        for task in tasks_of(yaml.safe_load(files[path])):
            for action in set(FAILING) & set(task):
                try:
                    found += _task_entry(path, task, action, passed)
                except Unreadable as error:
                    unreadable.append(str(error))
    if unreadable:
        raise Unreadable("\n".join(unreadable))
    return found


def _task_entry(path: str, task: Mapping[str, Any], action: str, passed: set[tuple[str, str, str]]) -> Iterator[Entry]:
    name = str(task.get("name", ""))
    key = (path, name, "")
    if key in PASSED_ON:
        passed.add(key)
        return
    options = task[action] or {}
    message = options.get("msg") or options.get("fail_msg")
    texts = Template(task.get("vars") or {}).texts(message) if message else []
    readable = [text for text in texts if is_readable(text)]
    if not readable:
        raise Unreadable(f"{path}: the task {name!r} fails with a sentence that can't be read: {message}")
    for group in [readable] if (path, name) in ONE_SENTENCE else _by_sentence(readable):
        todos = [TASK_TODOS[path, name]] if (path, name) in TASK_TODOS else [*filter(None, map(advice, group))]
        meaning = f"A task refused to go on: {name}."
        yield Entry(
            area_of(path),
            path,
            "task",
            meaning,
            tuple(map(_stopped, group)),
            tuple(dict.fromkeys(todos)) or (VALUE_TODOS[area_of(path)],),
            None,
            in_parts=(path, name) in ONE_SENTENCE,
        )


def _by_sentence(texts: Sequence[str]) -> list[list[str]]:
    """Variants of one sentence together, sentences that have nothing to do with each other apart."""
    groups: list[list[str]] = []
    for text in texts:
        if groups and words(text).split()[:3] == words(groups[-1][0]).split()[:3]:
            groups[-1].append(text)
        else:
            groups.append([text])
    return groups


# --- The page -----------------------------------------------------------------------------------------------------


def area_of(path: str) -> str:
    """The title under which a file's errors are: that of the longest beginning of its path.

    :raises Unreadable: nobody said where errors of such a file occur.
    """
    known = [start for start in AREA_OF if path.startswith(start)]
    if not known:
        raise Unreadable(f"{path}: AREAS does not say where its errors occur")
    return AREA_OF[max(known, key=len)]


LABEL = "ansible_collections.dbops.aurora_restore.docsite."
HEAD = (
    "..\n  SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors\n"
    "  SPDX-License-Identifier: GPL-3.0-or-later\n\n"
    f".. _{LABEL}errors:\n\n"
    "Errors, one by one\n==================\n\n"
    "Every error that the collection can give, {number} in all. This page is made from the code that raises them, by"
    " ``scripts/error_catalogue.py``; a test compares them. What differs from case to case is in angle brackets: search"
    f" for the words around it. :ref:`Troubleshooting <{LABEL}troubleshooting>` says more about the most frequent ones."
    "\n\n"
    "A failed module returns ``error`` with ``kind``, ``message``, ``resource``, ``code``, ``action`` and ``resumes``;"
    " the state table and the report of a run hold the same. The kinds:\n\n"
    ".. list-table::\n  :header-rows: 1\n  :widths: 20 80\n\n  * - Kind\n    - Meaning\n{kinds}\n"
    "What is marked *check* is a finding of preflight, which ends a run as ``bad_input``, together with all others;"
    " what is marked *task* is said by a task of a role or playbook.\n\n"
    "Errors of Ansible itself (a variable of the wrong type, a missing option), of PostgreSQL and of CloudFormation are"
    " told in their own words, and are not listed.\n"
)


def _literal(text: str) -> str:
    return "``" + text.replace("``", "'").strip() + "``"


def _told(text: str) -> str:
    """A hint in rst: what looks like markup of its own is text."""
    parts = re.split(r"(``.+?``)", text)
    return "".join(part if part.startswith("``") else re.sub(r"([*|\\`]|_\b)", r"\\\1", part) for part in parts)


def _begun(text: str) -> str:
    """As a sentence begins, unless it does with a command or a name."""
    return text if re.match(r"aws |\w*_", text) else text[:1].upper() + text[1:]


def _again(entry: Entry, area: Area) -> str:
    if not entry.blocks:
        return "The run goes on; it is told as unknown."
    if entry.resumes is False:
        return "Another run: only after that; by itself it does not go on from here."
    return f"Another run: {HARMLESS if entry.kind == 'check' else area.again}"


def _rendered(entry: Entry, area: Area) -> list[str]:
    first, *others = entry.texts
    lines = [_literal(first), f"  *{entry.kind}*: {_told(entry.meaning)}", ""]
    if entry.codes:
        lines += ["  Codes: " + ", ".join(map(_literal, entry.codes)), ""]
    if others:
        lines += [
            "  Its parts:" if entry.in_parts else "  In other cases:",
            "",
            *(f"  * {_literal(text)}" for text in others),
            "",
        ]
    if len(entry.todos) == 1:
        lines += [f"  **What to do:** {_told(_begun(entry.todos[0]))}", ""]
    else:
        lines += ["  **What to do,** as the case may be:", "", *(f"  * {_told(text)}" for text in entry.todos), ""]
    return [*lines, f"  {_again(entry, area)}", ""]


def page(entries: Sequence[Entry], kinds: Mapping[str, str]) -> str:
    """The whole page."""
    rows = "".join(f"  * - ``{name}``\n    - {_told(meaning)}\n" for name, meaning in sorted(kinds.items()))
    parts = [HEAD.format(number=sum(len(entry.texts) for entry in entries), kinds=rows)]
    for area in AREAS:
        own = [entry for entry in entries if entry.area == area.title]
        if own:
            parts += [f"{area.title}\n{'-' * len(area.title)}\n", f"{area.where}\n"]
            parts += ["\n".join(_rendered(entry, area)) for entry in own]
    return "\n".join(parts).rstrip("\n") + "\n"


def merged(entries: Sequence[Entry]) -> list[Entry]:
    """In the order of the code; what is said in several places of an area in the same words is told once."""
    ordered = sorted(entries, key=lambda entry: (entry.place, entry.line))
    return list({(entry.area, entry.texts, entry.todos): entry for entry in reversed(ordered)}.values())[::-1]


def read(folder: Path, *patterns: str) -> dict[str, str]:
    paths = sorted(path for pattern in patterns for path in folder.glob(pattern) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def catalogue(folder: Path = CHECKOUT) -> tuple[list[Entry], dict[str, str]]:
    """All entries, and what the kinds mean.

    :raises Unreadable: a place's sentence can't be read, or PASSED_ON names a place that is not there any more.
    """
    python = Catalogue(read(folder, "plugins/**/*.py"))
    passed: set[tuple[str, str, str]] = set()
    entries = python.entries()
    entries += tasks_entries(
        read(folder, "roles/*/tasks/**/*.yml", "roles/*/handlers/*.yml", "playbooks/*.yml"), passed
    )
    gone = set(PASSED_ON) - python.passed - passed
    if gone:
        raise Unreadable("\n".join(f"PASSED_ON names a place that is not there: {place}" for place in sorted(gone)))
    kinds: dict[str, str] = {}
    common = python.sources[UTILS + "_errors.py"].classes
    for name in sorted(python.kinds, key=lambda name: name not in common):
        kind = python.kinds[name]
        kinds[kind.name] = kinds.get(kind.name) or kind.meaning
    return merged(entries), kinds


def main(arguments: Sequence[str]) -> int:
    path = CHECKOUT / PAGE
    try:
        made = page(*catalogue())
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 2
    if "--check" not in arguments:
        path.write_text(made, encoding="utf-8")
    elif not path.is_file() or path.read_text(encoding="utf-8") != made:
        print(f"{PAGE} is not what the code gives: python scripts/error_catalogue.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
