/*
name:    recovery/release_locks
purpose: A person's word that sending may go on: every lock that holds is over, and this database is the one that sends.
grain:   one row per lock
params:  ground (text), reason (text), now (timestamptz), by (text)
returns: sending_lock_id
*/
with noted as (
    insert into ledger.incarnation (system_identifier, database_oid, timeline, noted_at, noted_by)
    select
        p.system_identifier,
        p.database_oid,
        p.timeline,
        :now as noted_at,
        :by as noted_by
    from ledger.present_incarnation() as p
    where not ledger.is_same_incarnation()
)

insert into ledger.sending_release (sending_lock_id, ground, reason, released_at, released_by)
select
    l.sending_lock_id,
    :ground,
    :reason,
    :now as released_at,
    :by as released_by
from ledger.sending_lock as l
where
    not exists (
        select 1
        from ledger.sending_release as r
        where r.sending_lock_id = l.sending_lock_id
    )
returning sending_lock_id;
