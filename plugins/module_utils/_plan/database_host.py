# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host needs to run the database steps. It may be a lean bastion: nothing here imports boto3."""

from __future__ import annotations

import ssl
from pathlib import Path

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import database


def problems(name: str, python: str, psycopg2: str | None, ca_cert: Path | None) -> list[str]:
    """Why the host can't, as sentences: what was seen, and what to do."""
    found = []
    if psycopg2 is None:
        found.append(
            f"Host {name}: its Python {python} has no psycopg2: install it there (python3-psycopg2, or psycopg2-binary"
            " from PyPI), or set ansible_python_interpreter of that host to a Python that has it."
        )
    reason = certificates_problem(ca_cert) if ca_cert else None
    if reason:
        found.append(
            f"Host {name}: {ca_cert} {reason}: put the CA certificates of the database there, or say in"
            " aurora_restore_db_host_ca_cert where they are on that host."
        )
    return found


def certificates_problem(path: Path) -> str | None:
    """Why a file does not do as a bundle of certificates; None: it does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "holds no certificates in PEM form"
    except OSError as error:
        return f"can't be read ({error.strerror})"
    return None


def unreached(endpoint: str, port: int) -> str | None:
    """Why the database can't be reached from this host; None: it can."""
    try:
        database.reach(endpoint, port)
    except database.Unreached as error:
        return error.message
    return None
