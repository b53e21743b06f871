# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox: a local AWS, good enough to rehearse restores with (moto's server, made slower and stricter).

cli.py       up, down, status, calls, events; printing.py: their lines; daemon.py keeps it running in the background
scenario/    the scenario file, durations.py with it; scenarios/: those that are shipped
service.py   the process itself: wires everything together; views.py: what it shows of itself
gateway/     what every request passes: access keys, limits, permissions, faults, moto, journal
faults/      what goes wrong on purpose
rds/         Aurora's clusters, instances and cluster snapshots, with statuses that take time
scheduler.py  whatever takes time; durations.py: how long; clock.py
dataplane/   a real PostgreSQL server behind every cluster
world/       what is there at the start: the demo's world, and any other that a scenario describes
cloudformation/  stacks, of which moto has too little
kms.py, sns.py, subscriptions.py, logs.py, log_groups.py, secretsmanager.py, stricter.py   where moto is not like AWS
error_codes.py   the error codes that there are
"""
