/*
name:    recovery/find_lock
purpose: The lock that holds, that of a restore before others. A restored database of which nobody has noted so yet is
         locked all the same: without a moment and a name.
grain:   one row, or none
params:
returns: kind, reason, locked_at, locked_by
*/
select
    l.kind,
    l.reason,
    l.locked_at,
    l.locked_by
from ledger.sending_lock as l
where
    not exists (
        select 1
        from ledger.sending_release as r
        where r.sending_lock_id = l.sending_lock_id
    )
union all
select
    'restored' as kind,
    null as reason,
    null as locked_at,
    null as locked_by
where not ledger.is_same_incarnation()
order by kind desc, locked_at nulls last
limit 1;
