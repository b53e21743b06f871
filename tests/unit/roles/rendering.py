# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates of a role as Ansible renders them, in a process of their own.

Ansible finds filters of collections by a finder of its own, which has to be there before anything of a collection is
imported; other tests in the process have done that.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template


def render(role: Path, template: str, variables: Mapping[str, Any]) -> str:
    """The template with the role's defaults, its variables, and these, which win."""
    return _rendered(str(role), template, json.dumps(variables))


@functools.cache
def _rendered(role: str, template: str, variables: str) -> str:
    done = subprocess.run(
        [sys.executable, __file__, role, template], input=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def main(role: Path, template: str, variables: Mapping[str, Any]) -> None:
    init_plugin_loader([])
    loader = DataLoader()
    paths = [str(role / name / "main.yml") for name in ("defaults", "vars")]
    files = [loader.load_from_file(path, trusted_as_template=True) for path in paths]
    known = {key: value for file in files for key, value in file.items()}
    # As the lookup of templates does it.
    text = trust_as_template("#jinja2: trim_blocks: True\n" + (role / "templates" / template).read_text())
    sys.stdout.write(str(Templar(loader, {**known, **variables}).template(text)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.load(sys.stdin))
