# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file says whose it is and under which licence; those in plugins also in the words that Ansible asks for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
IDENTIFIER = "SPDX-License-Identifier: GPL-3.0-or-later"
COPYRIGHT = "SPDX-FileCopyrightText: "
# Generated, or without a comment syntax.
EXEMPT = ("LICENSE", "changelogs/changelog.yaml", "CHANGELOG.rst", "CHANGELOG.md", "py.typed")
EXEMPT_ENDINGS = (".json", ".svg", ".png", ".pem", ".jsonl")


def files() -> list[str]:
    """What git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (CHECKOUT / name).is_file())


def main() -> int:
    bad = []
    for name in files():
        if name in EXEMPT or name.endswith((*EXEMPT, *EXEMPT_ENDINGS)):
            continue
        start = (CHECKOUT / name).read_text(encoding="utf-8")[:600]
        if IDENTIFIER not in start or COPYRIGHT not in start:
            bad.append(f"{name}: the two SPDX lines are missing from its start")
        elif name.startswith("plugins/") and "GNU General Public License v3.0+" not in start:
            bad.append(f"{name}: the GNU licence line is missing")
    print(*bad, sep="\n", end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
