-- SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
-- Production's data; with shop-later.sql 2,000 customers, 5,000 orders, 12,000 items.
CREATE SCHEMA shop AUTHORIZATION shop_app;
GRANT USAGE ON SCHEMA shop TO shop_readonly, report_user;
SET ROLE shop_app;
CREATE TABLE shop.customers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE shop.orders (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES shop.customers,
    status text NOT NULL CHECK (status IN ('open', 'paid', 'shipped')),
    ordered_at timestamptz NOT NULL
);
CREATE TABLE shop.order_items (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id integer NOT NULL REFERENCES shop.orders,
    product text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    price numeric(10, 2) NOT NULL
);
CREATE INDEX ON shop.orders (customer_id);
CREATE INDEX ON shop.order_items (order_id);
CREATE VIEW shop.revenue AS
    SELECT o.customer_id, sum(i.quantity * i.price) AS total
    FROM shop.orders o JOIN shop.order_items i ON i.order_id = o.id GROUP BY o.customer_id;
INSERT INTO shop.customers (name, email, created_at)
    SELECT 'Customer ' || n, 'customer' || n || '@example.com', timestamptz '2025-01-01 00:00Z' + n * interval '1 hour'
    FROM generate_series(1, 1800) n;
INSERT INTO shop.orders (customer_id, status, ordered_at)
    SELECT 1 + n % 1800, (ARRAY['open', 'paid', 'shipped'])[1 + n % 3],
           timestamptz '2025-02-01 00:00Z' + n * interval '17 minutes'
    FROM generate_series(1, 4500) n;
INSERT INTO shop.order_items (order_id, product, quantity, price)
    SELECT 1 + n % 4500, 'Product ' || n % 250, 1 + n % 5, (99 + n * 37 % 9900) / 100.0
    FROM generate_series(1, 10800) n;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO shop_readonly;
GRANT SELECT ON shop.orders, shop.revenue TO report_user;
RESET ROLE;
