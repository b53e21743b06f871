# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moto's IAM and STS lack, whether or not policies are enforced."""

from __future__ import annotations

import functools

from sandbox.iam import sessions, simulation, sizes


@functools.cache
def install() -> None:
    """To be called before the first call."""
    sessions.install()
    simulation.install()
    sizes.install()
