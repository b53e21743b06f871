# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the databases: logins, data, subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.dataplane import DataPlane
from sandbox.dataplane.scram import scram_verifier
from sandbox.rds.models import Cluster
from sandbox.rds.runtime import Runtime


def database_of(cluster: Cluster) -> str:
    """Where a cluster's own data goes."""
    return str(cluster.database_name or "postgres")


def quoted(name: str) -> str:
    """An identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text of SQL."""
    return "'" + text.replace("'", "''") + "'"


def make_logins(data: DataPlane, cluster: Cluster, passwords: Mapping[str, str]) -> None:
    """Made by the master user, as on RDS."""
    statements = [
        f"CREATE ROLE {quoted(name)} LOGIN PASSWORD '{scram_verifier(password)}'"
        for name, password in passwords.items()
    ]
    if statements:
        data.sql(cluster.key, ";\n".join(statements), database_of(cluster), str(cluster.master_username))


def fill(data: DataPlane, cluster: Cluster, content: Mapping[str, Any]) -> None:
    """Files, then statements, run as the superuser in the cluster's database; then rows."""
    pieces = [Path(name).read_text(encoding="utf-8") for name in content.get("sql", [])]
    pieces += [content["statements"]] if "statements" in content else []
    pieces += [_rows(cluster, int(content["rows"]))] if "rows" in content else []
    for piece in pieces:
        data.sql(cluster.key, piece, database_of(cluster))


def _rows(cluster: Cluster, count: int) -> str:
    """The table sandbox_rows of the master user, about 100 bytes a row, with as many rows more."""
    return (
        "CREATE TABLE IF NOT EXISTS public.sandbox_rows (id bigint PRIMARY KEY, payload text NOT NULL);\n"
        f"ALTER TABLE public.sandbox_rows OWNER TO {quoted(str(cluster.master_username))};\n"
        "INSERT INTO public.sandbox_rows SELECT first + n, md5((first + n)::text) || md5(n::text)\n"
        "  FROM (SELECT coalesce(max(id), 0) AS first FROM public.sandbox_rows) AS so_far,\n"
        f"       generate_series(1, {count}) AS n"
    )


def make_subscription(runtime: Runtime, cluster: Cluster, name: str, content: Mapping[str, Any]) -> None:
    """A subscription without a publisher at its other end."""
    data, key, database = runtime.data, cluster.key, database_of(cluster)
    data.sql(
        key,
        f"CREATE SUBSCRIPTION {quoted(name)} CONNECTION 'host=127.0.0.1 port=9 dbname=feed user=feed password=feed' "
        f"PUBLICATION {quoted(content['publication'])} WITH (connect = false, slot_name = {literal(name)})",
        database,
    )
    if content.get("enabled", True):
        data.sql(key, f"ALTER SUBSCRIPTION {quoted(name)} ENABLE", database)
    if runtime.engines.major >= 16:  # before, only superusers can own one
        data.sql(key, f"ALTER SUBSCRIPTION {quoted(name)} OWNER TO {quoted(str(cluster.master_username))}", database)
