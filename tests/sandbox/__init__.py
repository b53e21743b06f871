# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox: a local AWS, good enough to rehearse restores with (moto's server, made slower and stricter).

cli.py       up, down, status; daemon.py keeps it running in the background
service.py   the process itself: wires everything together; views.py: what it shows of itself
gateway/     what every request passes: access keys, journal, moto
rds/         Aurora's clusters, instances and cluster snapshots, with statuses that take time
scheduler.py  whatever takes time; durations.py: how long; clock.py
dataplane/   a real PostgreSQL server behind every cluster
world/       what is there at the start
kms.py       where moto's KMS is not like AWS
"""
