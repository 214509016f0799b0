/*
name:    recovery/insert_lock
purpose: Lock sending: from now on no claim takes anything.
grain:   one row
params:  kind (text), reason (text), now (timestamptz), by (text)
returns: nothing
*/
insert into ledger.sending_lock (kind, reason, locked_at, locked_by) values (:kind, :reason, :now, :by);
