-- What the ledger's schema consists of: of which kind, of which table, its name, and how it is defined. Schemas' names are
-- left out of definitions: the ledger may be in any.
WITH tables AS (
    SELECT oid, relname::text AS name, relpersistence, relrowsecurity, relforcerowsecurity FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname <> '_sqlx_migrations'
), schemas AS (
    SELECT oid, CASE nspname WHEN current_schema() THEN '' ELSE 'reporting.' END AS prefix
    FROM pg_namespace WHERE nspname IN (current_schema(), 'reporting')
), objects (kind, of_table, name, definition) AS (
    SELECT 'table', '', name, concat_ws(' ', relpersistence, relrowsecurity, relforcerowsecurity) FROM tables
    UNION ALL
    SELECT 'column', tables.name, attname, concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, atthasdef,
        attidentity, attgenerated, (SELECT collname FROM pg_collation AS used WHERE used.oid = attcollation))
    FROM tables JOIN pg_attribute ON attrelid = tables.oid WHERE attnum > 0 AND NOT attisdropped
    UNION ALL
    -- Those that say that a column is not null are with the columns. A dump that was restored has other parentheses.
    SELECT 'constraint', tables.name, conname,
        concat_ws(' ', convalidated, translate(pg_get_constraintdef(c.oid), '()', ''))
    FROM tables JOIN pg_constraint AS c ON conrelid = tables.oid WHERE contype <> 'n'
    UNION ALL
    SELECT 'index', tables.name, relname,
        concat_ws(' ', indisvalid, indisready, replace(pg_get_indexdef(i.oid), ' ' || current_schema() || '.', ' '))
    FROM tables JOIN pg_index ON indrelid = tables.oid JOIN pg_class AS i ON i.oid = indexrelid
    UNION ALL
    SELECT 'trigger', tables.name, tgname,
        concat_ws(' ', tgenabled, replace(pg_get_triggerdef(t.oid), ' ' || current_schema() || '.', ' '))
    FROM tables JOIN pg_trigger AS t ON tgrelid = tables.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT 'rule', tables.name, rulename, '' FROM tables JOIN pg_rewrite ON ev_class = tables.oid
    UNION ALL
    SELECT 'policy', tables.name, polname, '' FROM tables JOIN pg_policy ON polrelid = tables.oid
    UNION ALL
    SELECT 'function', '', prefix || proname, concat_ws(' ', encode(sha256(convert_to(prosrc, 'UTF8')), 'hex'),
        lanname, provolatile, proisstrict, prosecdef, proconfig)
    FROM pg_proc JOIN schemas ON schemas.oid = pronamespace JOIN pg_language AS l ON l.oid = prolang
    UNION ALL
    SELECT 'view', '', prefix || relname, (
        SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = v.oid AND attnum > 0
    ) FROM pg_class AS v JOIN schemas ON schemas.oid = relnamespace WHERE relkind = 'v'
), written (oid, prefix, name, sql) AS (
    SELECT v.oid, prefix, relname, pg_get_viewdef(v.oid)
    FROM pg_class AS v JOIN schemas ON schemas.oid = relnamespace WHERE relkind = 'v'
    UNION ALL
    SELECT f.oid, prefix, proname, pg_get_function_sqlbody(f.oid)
    FROM pg_proc AS f JOIN schemas ON schemas.oid = pronamespace WHERE prosqlbody IS NOT NULL
)
SELECT kind, of_table, name, definition FROM objects
UNION ALL
-- How the server writes out what it has parsed differs from one version to another.
SELECT 'query of PostgreSQL ' || current_setting('server_version_num')::integer / 10000, '', prefix || name,
    encode(sha256(convert_to(replace(sql, current_schema() || '.', ''), 'UTF8')), 'hex')
FROM written
