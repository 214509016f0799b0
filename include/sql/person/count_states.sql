/*
name:    person/count_states
purpose: Where the notices of a person stand that are under way, and what may stand against an erasure.
grain:   one row
params:  ids (text[]), now (timestamptz)
returns: planned, in_hand_over, booked, awaiting, is_protected_and_shared
*/
with own as (
    select
        n.state,
        n.reason,
        n.scheduled_at
    from ledger.notice as n
    where n.resident_id = any(:ids ::text [])
)

select
    (select count(*) from own as o where o.state = 'planned') as planned,
    (select count(*) from own as o where o.state in ('claimed', 'unknown')) as in_hand_over,
    (
        select count(*) from own as o
        where o.state = 'accepted' and o.reason is distinct from 'no_receipt' and o.scheduled_at > :now
    ) as booked,
    (
        select count(*) from own as o
        where o.state = 'accepted' and o.reason is distinct from 'no_receipt'
    ) as awaiting,
    exists(
        select 1
        from records.resident as r
        inner join records.contact as c on r.resident_id = c.resident_id and c.superseded_at = 'infinity'
        inner join records.contact as other on c.phone_e164 = other.phone_e164 and other.superseded_at = 'infinity'
        where
            r.resident_id = any(:ids ::text []) and r.is_protected and r.superseded_at = 'infinity'
            and other.resident_id <> all(:ids ::text [])
    ) as is_protected_and_shared;
