# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of all errors is what the code gives, and nothing that is added to the code can be missing from it."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

COLLECTION = Path(__file__).resolve().parents[3]
SCRIPT = COLLECTION / "scripts" / "error_catalogue.py"
ERRORS = "plugins/module_utils/_errors.py"
COPYING = "plugins/module_utils/_rds/copying.py"
TASKS = "roles/snapshot_copy/tasks/main.yml"
IMPORT = "from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Conflict, RestoreError\n"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("error_catalogue", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def entries_of(script):
    """The entries of one file that is made up, by the kinds of errors that there are."""

    def entries(text, path=COPYING):
        known = (COLLECTION / ERRORS).read_text(encoding="utf-8")
        made = script.Catalogue({ERRORS: known, path: IMPORT + text})
        return [entry for entry in made.entries() if entry.place == path]

    return entries


def test_page_is_what_the_code_gives(script, capsys):
    assert script.main(["--check"]) == 0, capsys.readouterr().err


def test_troubleshooting_quotes_sentences_that_there_are():
    """Messages of the hand-written tables, piece by piece; some are in the words of AWS or its SDK."""
    docs = COLLECTION / "docs" / "docsite" / "rst"
    catalogue = (docs / "errors.rst").read_text(encoding="utf-8")
    foreign = ("The target snapshot KMS key", "the refreshed credentials are still expired")
    text = (docs / "troubleshooting.rst").read_text(encoding="utf-8").partition("Credentials and long runs")[0]
    rows = [line for line in text.splitlines() if line.startswith("  * - ``")]
    quoted = [quote for row in rows for quote in re.findall(r"``(.+?)``", row) if not quote.startswith(foreign)]
    pieces = [piece.strip() for quote in quoted for piece in quote.split("…") if piece.strip()]
    assert len(pieces) > 15
    assert [piece for piece in pieces if piece not in catalogue] == []


def test_new_raise_is_noticed(script, tmp_path):
    """In a copy of the collection, one more raise changes the page."""
    for name in ("plugins", "roles", "playbooks"):
        for path in (COLLECTION / name).rglob("*"):
            if path.suffix in (".py", ".yml") and path.is_file():
                copy = tmp_path / path.relative_to(COLLECTION)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    before = script.page(*script.catalogue(tmp_path))
    assert before == (COLLECTION / script.PAGE).read_text(encoding="utf-8")
    new = tmp_path / "plugins/module_utils/_rds/added.py"
    new.write_text(
        IMPORT + 'def f(name):\n    raise Conflict(f"The moon {name} is in the way", hint="Wait a night.")\n',
        encoding="utf-8",
    )
    after = script.page(*script.catalogue(tmp_path))
    assert "``The moon <name> is in the way.``" in after
    assert "**What to do:** Wait a night." in after


def test_sentence_that_cannot_be_read_fails(script, entries_of):
    with pytest.raises(script.Unreadable, match=r"copying.py:3: can't be read: text\(\)"):
        entries_of("def f(text):\n    raise Conflict(text())\n")


def test_raise_of_something_unknown_fails(script, entries_of):
    with pytest.raises(script.Unreadable, match="raises what can't be followed: KeyError"):
        entries_of("def f():\n    raise KeyError('no such thing here')\n")


def test_file_without_an_area_fails(script, entries_of):
    with pytest.raises(script.Unreadable, match="AREAS does not say"):
        entries_of('def f():\n    raise Conflict("One is in the way")\n', "plugins/module_utils/_elsewhere.py")


def test_error_that_is_made_here_and_raised_elsewhere(entries_of):
    (entry,) = entries_of('def f(name):\n    return Conflict(f"Two of {name.id} are there", resumes=False)\n')
    assert entry.texts == ("Two of <name id> are there.",)
    assert (entry.kind, entry.resumes) == ("conflict", False)
    assert "never overwritten" in entry.todos[0]


def test_kind_of_its_own(entries_of):
    text = 'class Eclipse(RestoreError):\n    """It is dark."""\n    kind = "dark"\n    todo = "Bring a lamp."\n'
    (entry,) = entries_of(text + 'def f():\n    raise Eclipse("Nothing can be seen")\n')
    assert (entry.kind, entry.meaning, entry.todos) == ("dark", "It is dark.", ("Bring a lamp.",))


def test_alternatives_parameters_and_functions_are_followed(entries_of):
    (entry,) = entries_of("""
def why(old):
    if old:
        return "it is too old"
    return "it is too new"
def fail(what, old):
    raise Conflict(f"{what} " + ("is not usable" if old else "is not there") + f": {why(old)}")
def f():
    fail("The red snapshot", True)
""")
    assert set(entry.texts) == {
        "The red snapshot is not usable: it is too old.",
        "The red snapshot is not usable: it is too new.",
        "The red snapshot is not there: it is too old.",
        "The red snapshot is not there: it is too new.",
    }


def test_hint_that_is_added_to_an_error_of_aws(entries_of):
    (entry,) = entries_of('def f(error):\n    if error.code == "TooMuch":\n        error.hint = "Ask for less."\n')
    assert (entry.codes, entry.todos) == (("TooMuch",), ("Ask for less.",))


def test_task_that_fails(script):
    text = """
- name: Refuse it
  vars:
    __wrong: ["{{ 'The red one is ' ~ colour ~ ': correct it.' if red else '' }}", "The blue one is too large."]
  ansible.builtin.fail:
    msg: "{{ __wrong | select | join(' ') }}"
"""
    red, blue = script.tasks_entries({TASKS: text}, set())
    assert (red.texts, red.todos) == (("The red one is <colour>: correct it.",), ("Correct it.",))
    assert blue.texts == ("The blue one is too large.",)


@pytest.mark.parametrize("action", ["ansible.builtin.fail: {msg: '{{ said }}'}", "ansible.builtin.assert: {that: red}"])
def test_task_that_cannot_be_read_fails(script, action):
    with pytest.raises(script.Unreadable, match="the task 'Stop'"):
        script.tasks_entries({TASKS: f"- name: Stop\n  {action}\n"}, set())
