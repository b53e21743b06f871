# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the integration targets or the molecule scenarios, with a sandbox of their own.

The sandbox of the integration targets is started here; molecule's default scenario starts the other one, which is
stopped here should molecule not come to it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import sandboxed
import sanity
from sandboxed import CHECKOUT

# As short as it takes to be noticed: these checks look at modules and roles by themselves.
DURATIONS = ",".join(
    f"{name}={seconds}"
    for name, seconds in {
        "snapshot_create": 1,
        "snapshot_copy": 1,
        "cluster_restore": 1,
        "instance_create": 1,
        "instance_delete": 0.5,
        "cluster_delete": 0.5,
        "modify_lag": 0.2,
        "master_password": 0.2,
    }.items()
)


def integration(targets: list[str]) -> int:
    """``ansible-test integration`` on an exported copy, whose configuration says where the sandbox is."""
    copy = sanity.export()
    with sandboxed.sandbox(
        CHECKOUT / ".cache" / "integration-sandbox", "--port", "0", "--durations", DURATIONS
    ) as info:
        config = copy / "tests" / "integration" / "integration_config.yml"
        config.write_text(json.dumps({"sandbox": info}))
        return sandboxed.run(
            [*sanity.ansible_test("integration"), *targets],
            cwd=copy,
            env=sanity.environment(copy),
            stdin=subprocess.DEVNULL,
        )


def molecule(scenarios: list[str]) -> int:
    """``molecule test``; its default scenario starts and stops the sandbox that all others share."""
    folder = CHECKOUT / ".cache" / "molecule-sandbox"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BOTO_", "PG"))}
    env |= {
        "AURORA_RESTORE_SANDBOX_DIR": str(folder),
        "AURORA_RESTORE_SANDBOX_DURATIONS": DURATIONS,
        "ANSIBLE_HOME": str(CHECKOUT / ".cache" / "ansible-home"),
        "XDG_CACHE_HOME": str(CHECKOUT / ".cache" / "xdg"),
    }
    chosen = [word for name in scenarios for word in ("-s", name)] or ["--all"]
    command = [str(Path(sys.executable).with_name("molecule")), "test", "--report", *chosen]
    with sandboxed.signals_raise():
        try:
            return sandboxed.run(command, cwd=CHECKOUT, env=env, stdin=subprocess.DEVNULL)
        finally:
            sandboxed.down(folder)


def main() -> int:
    kind, *names = sys.argv[1:]
    try:
        return {"integration": integration, "molecule": molecule}[kind](names)
    except KeyboardInterrupt:
        sys.exit(f"{kind}: interrupted; the sandbox was stopped.")
    except sandboxed.SandboxError as error:
        sys.exit(f"{kind}: {error}")


if __name__ == "__main__":
    sys.exit(main())
