/*
name:    recovery/is_restored
purpose: Whether the database is another one than was last allowed to send, and nobody has noted so yet.
grain:   one row
params:
returns: is_restored
*/
select
    not ledger.is_same_incarnation() and not exists (
        select 1
        from ledger.sending_lock as l
        where
            l.kind = 'restored'
            and not exists (select 1 from ledger.sending_release as r where r.sending_lock_id = l.sending_lock_id)
    ) as is_restored;
