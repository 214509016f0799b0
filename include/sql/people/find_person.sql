/*
name:    people/find_person
purpose: Whom an id means: every id that the person has or had, also as purged notices have them, and what has to be
         known before anything is said.
grain:   one row
params:  resident_id (text), on_day (date), key (bytea)
returns: resident_id, ids, is_known, is_protected, has_opted_out
*/
with known as (
    select coalesce((
        select a.resident_id
        from records.alias as a
        where a.alias_id = :resident_id
    ), :resident_id ::text) as resident_id
)

select
    k.resident_id,
    array(
        select unnest(array[i.id, ledger.keyed_hash(i.id, :key, 'resident')])
        from (
            select k.resident_id as id
            union all
            select a.alias_id as id
            from records.alias as a
            where a.resident_id = k.resident_id
        ) as i
    ) as ids,
    r.resident_id is not null as is_known,
    coalesce(r.is_protected, false) as is_protected,
    exists(
        select 1
        from records.opt_out as o
        where
            o.superseded_at = 'infinity' and o.from_on <= :on_day
            and (
                o.resident_id = k.resident_id
                or o.phone_e164 in (
                    select c.phone_e164
                    from records.contact as c
                    where c.resident_id = k.resident_id and c.superseded_at = 'infinity'
                )
            )
    ) as has_opted_out
from known as k
left join records.resident as r on k.resident_id = r.resident_id and r.superseded_at = 'infinity';
