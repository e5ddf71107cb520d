//! What each database system is asked about its tables. All of them answer in the same columns.

/// The questions to one system.
pub(super) struct Questions {
    /// A row per column: `schema_name`, `table_name`, `is_view`, `column_name`, `type_name`, `required`,
    /// `choices` (texts with line breaks between them).
    pub columns: &'static str,
    /// A row per column of a key: `schema_name`, `table_name`, `constraint_name`, `kind` (`p`, `u`,
    /// `f`), `column_name`, `to_schema`, `to_table`, `to_column`.
    pub keys: &'static str,
    /// A row per condition: `schema_name`, `table_name`, `column_name`, `definition`. May be empty.
    pub checks: &'static str,
}

/// The questions to the system of a scheme.
pub(super) fn of(scheme: &str) -> Option<&'static Questions> {
    match scheme {
        "postgres" => Some(&POSTGRES),
        "mysql" => Some(&MYSQL),
        "sqlite" => Some(&SQLITE),
        _ => None,
    }
}

const POSTGRES: Questions = Questions {
    columns: "
SELECT n.nspname::text AS schema_name, c.relname::text AS table_name,
       c.relkind IN ('v', 'm') AS is_view, a.attname::text AS column_name,
       format_type(a.atttypid, a.atttypmod) AS type_name, a.attnotnull AS required,
       (SELECT string_agg(e.enumlabel::text, chr(10) ORDER BY e.enumsortorder)
        FROM pg_catalog.pg_enum e WHERE e.enumtypid = a.atttypid) AS choices
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum",
    keys: "
SELECT n.nspname::text AS schema_name, c.relname::text AS table_name,
       k.conname::text AS constraint_name, k.contype::text AS kind, a.attname::text AS column_name,
       fn.nspname::text AS to_schema, fc.relname::text AS to_table, fa.attname::text AS to_column
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u(own, other, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.own
LEFT JOIN pg_catalog.pg_class fc ON fc.oid = k.confrelid AND k.contype = 'f'
LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
LEFT JOIN pg_catalog.pg_attribute fa ON fa.attrelid = fc.oid AND fa.attnum = u.other
WHERE k.contype IN ('p', 'u', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY n.nspname, c.relname, k.conname, u.place",
    checks: "
SELECT n.nspname::text AS schema_name, c.relname::text AS table_name,
       a.attname::text AS column_name, pg_get_constraintdef(k.oid) AS definition
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'c' AND array_length(k.conkey, 1) = 1",
};

const MYSQL: Questions = Questions {
    columns: "
SELECT '' AS schema_name, c.TABLE_NAME AS table_name, t.TABLE_TYPE = 'VIEW' AS is_view,
       c.COLUMN_NAME AS column_name, c.COLUMN_TYPE AS type_name, c.IS_NULLABLE = 'NO' AS required,
       NULL AS choices
FROM information_schema.COLUMNS c
JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
WHERE c.TABLE_SCHEMA = DATABASE()
ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION",
    keys: "
SELECT '' AS schema_name, k.TABLE_NAME AS table_name, k.CONSTRAINT_NAME AS constraint_name,
       CASE c.CONSTRAINT_TYPE WHEN 'PRIMARY KEY' THEN 'p' WHEN 'UNIQUE' THEN 'u' ELSE 'f' END AS kind,
       k.COLUMN_NAME AS column_name, '' AS to_schema, k.REFERENCED_TABLE_NAME AS to_table,
       k.REFERENCED_COLUMN_NAME AS to_column
FROM information_schema.KEY_COLUMN_USAGE k
JOIN information_schema.TABLE_CONSTRAINTS c
  ON c.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND c.TABLE_NAME = k.TABLE_NAME
 AND c.CONSTRAINT_NAME = k.CONSTRAINT_NAME
WHERE k.TABLE_SCHEMA = DATABASE()
ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
    checks: "",
};

const SQLITE: Questions = Questions {
    columns: "
SELECT '' AS schema_name, m.name AS table_name, m.type = 'view' AS is_view, p.name AS column_name,
       p.type AS type_name, p.\"notnull\" <> 0 OR p.pk > 0 AS required, NULL AS choices
FROM sqlite_master m, pragma_table_info(m.name) p
WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY m.name, p.cid",
    keys: "
SELECT '' AS schema_name, m.name AS table_name, 'primary' AS constraint_name, 'p' AS kind,
       p.name AS column_name, NULL AS to_schema, NULL AS to_table, NULL AS to_column, p.pk AS place
FROM sqlite_master m, pragma_table_info(m.name) p
WHERE m.type = 'table' AND p.pk > 0
UNION ALL
SELECT '', m.name, 'f' || f.id, 'f', f.\"from\", '', f.\"table\", f.\"to\", f.seq
FROM sqlite_master m, pragma_foreign_key_list(m.name) f
WHERE m.type = 'table'
ORDER BY 2, 3, 9",
    checks: "
SELECT '' AS schema_name, m.name AS table_name, p.name AS column_name, m.sql AS definition
FROM sqlite_master m, pragma_table_info(m.name) p
WHERE m.type = 'table' AND m.sql LIKE '%CHECK%'",
};
