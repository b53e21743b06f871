-- SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
--
-- Facts about the roles of a cluster, as one JSON object: what plan_roles in module_utils/_postgres/roles.py takes.
-- Since PostgreSQL 16 a role may be altered by who has ADMIN on it; before by who has CREATEROLE.
WITH me AS (
  SELECT oid, rolname, rolsuper, rolcreaterole, current_setting('server_version_num')::int AS version
  FROM pg_catalog.pg_roles WHERE rolname = current_user
)
SELECT json_build_object(
  'server_version', me.version,
  'master', me.rolname,
  'databases', (
    SELECT coalesce(json_agg(d.datname ORDER BY d.datname), '[]')
    FROM pg_catalog.pg_database d
    WHERE d.datallowconn AND NOT d.datistemplate AND d.datname <> 'rdsadmin'
      AND pg_catalog.has_database_privilege(me.oid, d.oid, 'CONNECT')
  ),
  'roles', (
    SELECT json_agg(json_build_object(
      'name', r.rolname,
      'login', r.rolcanlogin,
      'superuser', r.rolsuper,
      'createdb', r.rolcreatedb,
      'createrole', r.rolcreaterole,
      'replication', r.rolreplication,
      'bypassrls', r.rolbypassrls,
      'expired', coalesce(r.rolvaliduntil < now(), false),
      'connection_limit', r.rolconnlimit,
      'manageable', me.rolsuper OR (NOT r.rolsuper AND CASE
        WHEN me.version >= 160000
          THEN me.rolcreaterole AND pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION')
        ELSE me.rolcreaterole AND NOT r.rolreplication AND NOT r.rolbypassrls
      END),
      'acts', pg_catalog.pg_has_role(me.oid, r.oid, 'USAGE')
        AND pg_catalog.pg_has_role(me.oid, r.oid, CASE WHEN me.version >= 160000 THEN 'SET' ELSE 'MEMBER' END),
      'signalable', NOT r.rolsuper AND (
        pg_catalog.pg_has_role(me.oid, r.oid, 'USAGE')
        OR pg_catalog.pg_has_role(me.oid, 'pg_signal_backend', 'USAGE')
      ),
      'sessions', (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.usesysid = r.oid)
    ) ORDER BY r.rolname)
    FROM pg_catalog.pg_roles r
  ),
  'memberships', (
    SELECT coalesce(json_agg(json_build_object(
      'role', granted.rolname,
      'member', member.rolname,
      'grantor', grantor.rolname,
      'revocable', me.rolsuper OR CASE
        WHEN me.version >= 160000 THEN pg_catalog.pg_has_role(me.oid, grantor.oid, 'USAGE')
        ELSE me.rolcreaterole AND NOT granted.rolsuper
      END
    ) ORDER BY granted.rolname, member.rolname, grantor.rolname), '[]')
    FROM pg_catalog.pg_auth_members m
    JOIN pg_catalog.pg_roles granted ON granted.oid = m.roleid
    JOIN pg_catalog.pg_roles member ON member.oid = m.member
    JOIN pg_catalog.pg_roles grantor ON grantor.oid = m.grantor
  )
) AS facts
FROM me
