/*
name:    login/check_login
purpose: What the user of this connection may do that no service needs, whatever role the session acts as.
grain:   one row
params:
returns: login, is_superuser, makes_roles, passes_row_security, replicates, owns_tables
*/
select
    r.rolname::text as login,
    r.rolsuper as is_superuser,
    r.rolcreaterole as makes_roles,
    r.rolbypassrls as passes_row_security,
    r.rolreplication as replicates,
    pg_has_role(r.oid, c.relowner, 'member') as owns_tables
from pg_roles as r
cross join pg_class as c
where r.rolname = session_user and c.oid = 'ledger.notice_event'::regclass;
