-- SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
--
-- Facts about the privileges of two users in the current database, as one JSON object: what plan_database in
-- module_utils/_postgres/grants.py takes. Only objects on which something is missing or too much are listed. Objects
-- that belong to extensions are left as their extension made them.
WITH me AS (
  SELECT oid, rolname, rolsuper, rolcreaterole, current_setting('server_version_num')::int AS version
  FROM pg_catalog.pg_roles WHERE rolname = current_user
), app AS (
  SELECT (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %(app)s::text) AS oid
), readonly AS (
  SELECT (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %(readonly)s::text) AS oid
), here AS (
  SELECT * FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
), role AS (
  SELECT r.oid, r.rolname AS name, r.rolsuper AS superuser,
    NOT r.rolsuper AND r.rolname !~ '^pg_' AND CASE
      WHEN me.version >= 160000
        THEN me.rolcreaterole AND pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION')
      ELSE me.rolcreaterole
    END AS manageable,
    pg_catalog.pg_has_role(me.oid, r.oid, 'USAGE')
      AND pg_catalog.pg_has_role(me.oid, r.oid, CASE WHEN me.version >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS acts
  FROM pg_catalog.pg_roles r CROSS JOIN me
), from_extension AS (
  SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
), space AS (
  SELECT n.* FROM pg_catalog.pg_namespace n
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (
    SELECT FROM from_extension e WHERE e.classid = 'pg_catalog.pg_namespace'::regclass AND e.objid = n.oid
  )
), relation AS (
  SELECT c.*, pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS object
  FROM pg_catalog.pg_class c JOIN space s ON s.oid = c.relnamespace
  WHERE NOT EXISTS (
    SELECT FROM from_extension e WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid
  )
), object AS (
  SELECT 'database' AS kind, d.oid, pg_catalog.quote_ident(d.datname) AS object, d.datdba AS owner,
    coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba)) AS acl,
    ARRAY['CONNECT'] AS wanted_app, ARRAY['CONNECT'] AS wanted_readonly, ARRAY['CONNECT', 'TEMPORARY'] AS harmless
  FROM here d
  UNION ALL
  SELECT 'schema', s.oid, pg_catalog.quote_ident(s.nspname), s.nspowner,
    coalesce(s.nspacl, pg_catalog.acldefault('n', s.nspowner)),
    ARRAY['USAGE'], ARRAY['USAGE'], ARRAY['USAGE']
  FROM space s
  UNION ALL
  SELECT 'table', c.oid, c.object, c.relowner,
    coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)),
    CASE c.relkind WHEN 'm' THEN ARRAY['SELECT'] ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END,
    ARRAY['SELECT'], ARRAY['SELECT']
  FROM relation c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT 'sequence', c.oid, c.object, c.relowner,
    coalesce(c.relacl, pg_catalog.acldefault('s', c.relowner)),
    ARRAY['USAGE', 'SELECT', 'UPDATE'], ARRAY['SELECT'], ARRAY['SELECT']
  FROM relation c WHERE c.relkind = 'S'
  UNION ALL
  SELECT 'routine', p.oid,
    pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(p.proname)
      || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
    p.proowner, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)),
    ARRAY['EXECUTE'], ARRAY[]::text[], ARRAY['EXECUTE']
  FROM pg_catalog.pg_proc p JOIN space s ON s.oid = p.pronamespace
  WHERE p.prokind IN ('f', 'p', 'w') AND NOT EXISTS (
    SELECT FROM from_extension e WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid
  )
), granted AS (
  SELECT o.kind, o.oid, a.grantee, a.privilege_type
  FROM object o CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) a
  WHERE a.grantee <> o.owner AND NOT a.privilege_type = ANY (o.harmless)
  UNION
  SELECT 'table', c.oid, a.grantee, a.privilege_type
  FROM relation c
  JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid AND t.attacl IS NOT NULL AND NOT t.attisdropped
  CROSS JOIN LATERAL pg_catalog.aclexplode(t.attacl) a
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.grantee <> c.relowner AND a.privilege_type <> 'SELECT'
), judged AS (
  SELECT o.kind, o.object, owner.name AS owner,
    coalesce(me.rolsuper OR owner.acts OR owner.manageable, false) AS managed,
    ARRAY(
      SELECT g.privilege_type FROM granted g
      WHERE g.kind = o.kind AND g.oid = o.oid AND g.grantee = readonly.oid ORDER BY 1
    ) AS excess_readonly,
    ARRAY(
      SELECT g.privilege_type FROM granted g
      WHERE g.kind = o.kind AND g.oid = o.oid AND g.grantee = 0 ORDER BY 1
    ) AS excess_public,
    ARRAY(
      SELECT p FROM unnest(o.wanted_app) p WHERE NOT coalesce(CASE o.kind
        WHEN 'database' THEN pg_catalog.has_database_privilege(app.oid, o.oid, p)
        WHEN 'schema' THEN pg_catalog.has_schema_privilege(app.oid, o.oid, p)
        WHEN 'table' THEN pg_catalog.has_table_privilege(app.oid, o.oid, p)
        WHEN 'sequence' THEN pg_catalog.has_sequence_privilege(app.oid, o.oid, p)
        ELSE pg_catalog.has_function_privilege(app.oid, o.oid, p)
      END, false)
    ) AS missing_app,
    o.wanted_app,
    ARRAY(
      -- What the read-only user owns is about to be the application's.
      SELECT p FROM unnest(o.wanted_readonly) p WHERE o.owner = readonly.oid OR NOT coalesce(CASE o.kind
        WHEN 'database' THEN pg_catalog.has_database_privilege(readonly.oid, o.oid, p)
        WHEN 'schema' THEN pg_catalog.has_schema_privilege(readonly.oid, o.oid, p)
        WHEN 'table' THEN pg_catalog.has_table_privilege(readonly.oid, o.oid, p)
        ELSE pg_catalog.has_sequence_privilege(readonly.oid, o.oid, p)
      END, false)
    ) AS missing_readonly,
    coalesce(CASE o.kind
      WHEN 'database' THEN pg_catalog.has_database_privilege(readonly.oid, o.oid, 'CREATE')
      WHEN 'schema' THEN pg_catalog.has_schema_privilege(readonly.oid, o.oid, 'CREATE')
      WHEN 'table' THEN pg_catalog.has_table_privilege(readonly.oid, o.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        OR pg_catalog.has_any_column_privilege(readonly.oid, o.oid, 'INSERT, UPDATE')
      WHEN 'sequence' THEN pg_catalog.has_sequence_privilege(readonly.oid, o.oid, 'USAGE, UPDATE')
    END, false) AS readonly_writes
  FROM object o
  CROSS JOIN me CROSS JOIN app CROSS JOIN readonly
  JOIN role owner ON owner.oid = o.owner
)
SELECT json_build_object(
  'database', here.datname,
  'objects', (
    SELECT coalesce(json_agg(json_build_object(
      'kind', j.kind,
      'object', j.object,
      'owner', j.owner,
      'managed', j.managed,
      'excess_readonly', j.excess_readonly,
      'excess_public', j.excess_public,
      -- What the application has through PUBLIC only is about to be taken from PUBLIC.
      'missing_app', CASE
        WHEN cardinality(j.excess_public) > 0 AND j.owner <> %(app)s::text THEN j.wanted_app ELSE j.missing_app
      END,
      'missing_readonly', j.missing_readonly,
      'readonly_writes', j.readonly_writes
    ) ORDER BY j.kind, j.object), '[]')
    FROM judged j
    WHERE j.readonly_writes OR cardinality(
      j.excess_readonly || j.excess_public || j.missing_app || j.missing_readonly
    ) > 0
  ),
  'owners', (
    SELECT coalesce(json_agg(json_build_object(
      'name', r.name, 'manageable', r.manageable, 'acts', r.acts
    ) ORDER BY r.name), '[]')
    FROM role r CROSS JOIN readonly
    WHERE NOT r.superuser AND r.name !~ '^pg_' AND r.oid IS DISTINCT FROM readonly.oid
      AND r.oid IN (SELECT o.owner FROM object o WHERE o.kind <> 'database')
  ),
  'defaults', (
    SELECT coalesce(json_agg(json_build_object(
      'owner', d.owner, 'managed', d.managed, 'schema', d.schema, 'type', d.type, 'grantee', d.grantee,
      'privileges', d.privileges
    ) ORDER BY d.owner, d.schema, d.type, d.grantee), '[]')
    FROM (
      SELECT owner.name AS owner, owner.acts OR owner.manageable AS managed, n.nspname AS schema,
        a.defaclobjtype AS type, grantee.name AS grantee, json_agg(DISTINCT e.privilege_type) AS privileges
      FROM pg_catalog.pg_default_acl a
      JOIN role owner ON owner.oid = a.defaclrole
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace
      CROSS JOIN LATERAL pg_catalog.aclexplode(a.defaclacl) e
      LEFT JOIN role grantee ON grantee.oid = e.grantee
      WHERE e.grantee <> a.defaclrole
      GROUP BY 1, 2, 3, 4, 5
    ) d
  ),
  'readonly_owns', EXISTS (
    SELECT FROM pg_catalog.pg_shdepend s
    WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass AND s.refobjid = readonly.oid AND s.deptype = 'o'
      AND s.dbid IN (0, here.oid)
  ),
  'readonly_acts', coalesce((SELECT r.acts FROM role r WHERE r.oid = readonly.oid), false),
  'subscriptions', (
    SELECT coalesce(json_agg(json_build_object(
      'name', s.subname, 'enabled', s.subenabled, 'owner', owner.name, 'acts', owner.acts
    ) ORDER BY s.subname), '[]')
    FROM pg_catalog.pg_subscription s JOIN role owner ON owner.oid = s.subowner
    WHERE s.subdbid = here.oid
  ),
  'cron', EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_cron'),
  'probe_tables', (
    SELECT coalesce(json_agg(t.object ORDER BY t.object), '[]')
    FROM (
      SELECT c.object FROM relation c JOIN role owner ON owner.oid = c.relowner
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND (owner.acts OR owner.manageable)
      ORDER BY c.object LIMIT 20
    ) t
  )
) AS facts
FROM here CROSS JOIN readonly
