# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the sandbox's RDS into moto."""

from __future__ import annotations

from moto.rds import models, urls

from sandbox.rds.backend import SandboxBackend
from sandbox.rds.responses import SandboxResponse
from sandbox.rds.runtime import Runtime


def install(runtime: Runtime) -> None:
    """To be called once, before the first RDS call."""
    SandboxBackend.runtime = runtime
    models.rds_backends.backend = SandboxBackend
    urls.url_paths = dict.fromkeys(urls.url_paths, SandboxResponse.dispatch)
