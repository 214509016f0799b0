/*
name:    ledger/check_rights
purpose: What the role of this session may do.
grain:   one row
params:
returns: reads_records, writes_records, writes_ledger, purges
*/
select
    has_table_privilege('records.resident', 'select') as reads_records,
    has_table_privilege('records.resident', 'insert') as writes_records,
    has_table_privilege('ledger.notice', 'insert') as writes_ledger,
    has_table_privilege('ledger.purge', 'insert') as purges;
