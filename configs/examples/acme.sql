-- ACME Corporation, a company that does not exist: its people, its groups, its applications.
-- scripts/seed-acme makes acme.db from this file.

PRAGMA page_size = 1024;

CREATE TABLE employees (
    id         TEXT PRIMARY KEY,
    username   TEXT NOT NULL UNIQUE,
    full_name  TEXT NOT NULL,
    email      TEXT,
    kind       TEXT NOT NULL,   -- person, service
    status     TEXT NOT NULL,   -- active, on_leave, left
    title      TEXT,
    manager_id TEXT REFERENCES employees (id),
    last_seen  TEXT             -- UTC
);

INSERT INTO employees VALUES
    ('E1001', 'ada',      'Ada Okafor',        'ada@acme.example',      'person',  'active',   'Chief Executive',   NULL,    '2025-06-02 08:12:44'),
    ('E1002', 'zoe',      'Zoë Šafránková',    'zoe@acme.example',      'person',  'active',   'Head of Finance',   'E1001', '2025-06-02 07:55:10'),
    ('E1003', 'lukasz',   'Łukasz Żółw',       'lukasz@acme.example',   'person',  'active',   'Head of IT',        'E1001', '2025-06-01 21:03:59'),
    ('E1004', 'misaki',   '佐藤 美咲',         'misaki@acme.example',   'person',  'active',   'Engineer',          'E1003', '2025-06-02 01:30:00'),
    ('E1005', 'obrien',   'Niamh O''Brien',    'niamh@acme.example',    'person',  'active',   'Engineer',          'E1003', '2025-05-30 16:20:31'),
    ('E1006', 'ivan',     'Ivan Petrov',       'ivan@acme.example',     'person',  'on_leave', 'Engineer',          'E1003', '2025-02-14 17:00:00'),
    ('E1007', 'huong',    'Nguyễn Thị Hương',  'huong@acme.example',    'person',  'active',   'Accountant',        'E1002', '2025-06-02 06:41:18'),
    ('E1008', 'tomas',    'Tomás Aguirre',     NULL,                    'person',  'active',   'Warehouse',         'E1001', NULL),
    ('E1009', 'grete',    'Grete Lindqvist',   'grete@acme.example',    'person',  'left',     'Accountant',        'E1002', '2024-11-29 15:59:02'),
    ('E1010', 'sami',     'Sami Haddad',       'sami@acme.example',     'person',  'active',   'Support',           'E1003', '2025-06-02 08:00:27'),
    ('E1011', 'priya',    'Priya Raman',       'priya@partner.example', 'person',  'active',   'Contractor',        'E1003', '2025-05-28 10:15:00'),
    ('E1012', 'pavel',    'Pavel Dvořák',      'pavel@acme.example',    'person',  'left',     'Head of IT',        'E1001', '2025-01-31 18:30:00'),
    ('S2001', 'backup',   'Nightly backup',    NULL,                    'service', 'active',   NULL,                'E1003', '2025-06-02 02:00:05');

CREATE TABLE groups (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT
);

INSERT INTO groups VALUES
    ('everyone',    'Everyone',    'All who work here'),
    ('engineering', 'Engineering', 'Builds and runs the shop'),
    ('oncall',      'On call',     'Answers the pager this week'),
    ('finance',     'Finance',     NULL),
    ('it',          'IT',          'Looks after accounts and machines');

-- A member is an employee or another group, whose members then belong too.
CREATE TABLE group_members (
    group_id    TEXT NOT NULL REFERENCES groups (id),
    member_kind TEXT NOT NULL,  -- employee, group
    member_id   TEXT NOT NULL,
    is_owner    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (group_id, member_kind, member_id)
);

INSERT INTO group_members VALUES
    ('everyone',    'employee', 'E1001', 1),
    ('everyone',    'employee', 'E1008', 0),
    ('everyone',    'group',    'engineering', 0),
    ('everyone',    'group',    'finance',     0),
    ('everyone',    'group',    'it',          0),
    ('engineering', 'employee', 'E1003', 1),
    ('engineering', 'employee', 'E1004', 0),
    ('engineering', 'employee', 'E1005', 0),
    ('engineering', 'employee', 'E1006', 0),
    ('engineering', 'employee', 'E1011', 0),
    ('engineering', 'group',    'oncall', 0),
    ('oncall',      'employee', 'E1005', 1),
    ('oncall',      'employee', 'E1010', 0),
    ('finance',     'employee', 'E1002', 1),
    ('finance',     'employee', 'E1007', 0),
    ('finance',     'employee', 'E1009', 0),
    ('it',          'employee', 'E1003', 1),
    ('it',          'employee', 'E1010', 0),
    ('it',          'employee', 'E1012', 0);

CREATE TABLE applications (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    help_url TEXT
);

INSERT INTO applications VALUES
    ('payroll', 'Payroll',     'https://wiki.acme.example/payroll'),
    ('shop',    'Web shop',    'https://wiki.acme.example/shop'),
    ('vault',   'Backup vault', NULL);

CREATE TABLE permissions (
    application_id TEXT NOT NULL REFERENCES applications (id),
    code           TEXT NOT NULL,
    label          TEXT NOT NULL,
    PRIMARY KEY (application_id, code)
);

INSERT INTO permissions VALUES
    ('payroll', 'view',    'See payslips'),
    ('payroll', 'approve', 'Approve a pay run'),
    ('shop',    'deploy',  'Put a new version live'),
    ('shop',    'refund',  'Refund an order'),
    ('shop',    'admin',   'Change any setting'),
    ('vault',   'write',   'Store a backup'),
    ('vault',   'restore', 'Read a backup back');

-- Who holds a permission: an employee, or all members of a group.
CREATE TABLE assignments (
    id             INTEGER PRIMARY KEY,
    application_id TEXT NOT NULL,
    code           TEXT NOT NULL,
    holder_kind    TEXT NOT NULL,  -- employee, group
    holder_id      TEXT NOT NULL,
    FOREIGN KEY (application_id, code) REFERENCES permissions (application_id, code)
);

INSERT INTO assignments (application_id, code, holder_kind, holder_id) VALUES
    ('payroll', 'view',    'group',    'finance'),
    ('payroll', 'approve', 'employee', 'E1002'),
    ('payroll', 'approve', 'employee', 'E1009'),
    ('shop',    'deploy',  'group',    'engineering'),
    ('shop',    'refund',  'group',    'oncall'),
    ('shop',    'refund',  'employee', 'E1007'),
    ('shop',    'admin',   'employee', 'E1003'),
    ('shop',    'admin',   'employee', 'E1012'),
    ('vault',   'write',   'employee', 'S2001'),
    ('vault',   'restore', 'group',    'it');
