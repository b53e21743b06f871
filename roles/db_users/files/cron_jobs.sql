-- SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
--
-- The jobs of pg_cron that the master sees. Their commands are left out: they may hold anything.
SELECT jobid, schedule, database, username, active FROM cron.job ORDER BY jobid
