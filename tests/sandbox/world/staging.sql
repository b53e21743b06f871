-- SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
-- Staging's data of old, which a restore replaces.
CREATE SCHEMA shop AUTHORIZATION shop_app;
GRANT USAGE ON SCHEMA shop TO shop_readonly;
SET ROLE shop_app;
CREATE TABLE shop.staging_marker (id integer PRIMARY KEY, note text NOT NULL);
INSERT INTO shop.staging_marker SELECT n, 'staging before the restore' FROM generate_series(1, 25) n;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO shop_readonly;
RESET ROLE;
