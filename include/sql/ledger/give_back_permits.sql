/*
name:    ledger/give_back_permits
purpose: Give back every permit that this session holds.
grain:   one row
params:
returns: done
*/
select pg_advisory_unlock_all() as done;
