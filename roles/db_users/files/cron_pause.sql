-- SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
--
-- Pauses the active jobs of pg_cron, as far as the master may. pg_cron before 1.4 has no alter_job.
DO $$
DECLARE
  job record;
BEGIN
  FOR job IN SELECT jobid FROM cron.job WHERE active LOOP
    BEGIN
      PERFORM cron.alter_job(job_id := job.jobid, active := false);
    EXCEPTION WHEN undefined_function THEN
      UPDATE cron.job SET active = false WHERE jobid = job.jobid;
    WHEN insufficient_privilege OR raise_exception THEN
      NULL;
    END;
  END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
  NULL;
END
$$
