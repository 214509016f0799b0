/*
name:    campaign_run/screen_cohort
purpose: Judge every cohort member: the first reason not to send, the arm that the keyed hash gives, and the place in
         the line of those who get a text: oldest arrears first, then who was deferred before. One message to a
         telephone. Of the hold-out: how many of the line come before (ahead), so that it is cut where the line is.
grain:   one row per cohort member, into the workspace
params:  campaign (text), campaign_run_id (uuid), occurrence_on (date), known_at (timestamptz), on_day (date),
         confirmed_since (date), reminded_since (timestamptz), key (bytea), season (text), arms (text[]),
         arm_ends (float8[])
returns: nothing
*/
insert into screened (subject, resident_id, due_on, fields, phone_e164, reason, arm, place, ahead)
-- What was purged has hashes in the place of subjects, ids and numbers: to be asked for only where there is any.
with purged as (
    select
        exists(
            select 1
            from ledger.notice as n
            where n.campaign = :campaign and n.pseudonymised_at is not null
        ) as has_subjects,
        array(
            select n.phone_hash
            from ledger.notice as n
            where
                n.purged_at is not null and n.scheduled_at > :reminded_since and n.phone_hash is not null
                and n.state in ('delivered', 'undelivered', 'failed')
        ) as phones,
        exists(
            select 1
            from ledger.foreign_message as m
            where m.purged_at is not null and m.cleared_at is null
        ) as has_found
),

hashed as (
    select
        c.*,
        p.has_subjects,
        p.phones,
        p.has_found,
        encode(
            sha256(:key || convert_to(:campaign || '/' || :season || '/' || c.resident_id, 'UTF8')), 'hex'
        ) as hash
    from cohort as c
    cross join purged as p
),

judged as (
    select
        c.subject,
        c.resident_id,
        c.due_on,
        c.arrears_since,
        c.fields,
        s.phone_e164,
        case
            when s.reason is not null then s.reason
            when exists (
                select 1
                from ledger.notice as n
                where
                    n.campaign = :campaign
                    -- Under any id that the person has or had: a merged id must not be reminded once more.
                    and n.subject = any(array(
                        select c.subject
                        union all
                        select left(c.subject, length(c.subject) - length(c.resident_id)) || a.alias_id
                        from records.alias as a
                        where a.resident_id = c.resident_id
                        union all
                        select ledger.blank_subject(c.subject, :key)
                        where c.has_subjects
                        union all
                        select
                            ledger.blank_subject(
                                left(c.subject, length(c.subject) - length(c.resident_id)) || a.alias_id, :key
                            )
                        from records.alias as a
                        where c.has_subjects and a.resident_id = c.resident_id
                    ))
                    and n.state in (
                        'planned', 'claimed', 'unknown', 'accepted', 'delivered', 'undelivered', 'failed'
                    )
                    -- What the run itself has in its line is planned anew.
                    and (n.state <> 'planned' or n.campaign_run_id is distinct from :campaign_run_id ::uuid)
            ) then 'already_reminded'
            when exists (
                select 1
                from ledger.notice as n
                inner join ledger.campaign_run as later on n.campaign_run_id = later.campaign_run_id
                where
                    n.campaign = :campaign and later.occurrence_on > :occurrence_on
                    and n.resident_id = any(array(
                        select c.resident_id
                        union all
                        select a.alias_id
                        from records.alias as a
                        where a.resident_id = c.resident_id
                        union all
                        select ledger.keyed_hash(c.resident_id, :key, 'resident')
                        where c.has_subjects
                        union all
                        select ledger.keyed_hash(a.alias_id, :key, 'resident')
                        from records.alias as a
                        where c.has_subjects and a.resident_id = c.resident_id
                    ))
                    and n.state in (
                        'planned', 'claimed', 'unknown', 'accepted', 'delivered', 'undelivered', 'failed'
                    )
            ) then 'superseded'
            when exists (
                select 1
                from ledger.notice as n
                where
                    n.phone_e164 = s.phone_e164
                    and n.state in (
                        'planned', 'claimed', 'unknown', 'accepted', 'delivered', 'undelivered', 'failed'
                    )
                    and n.scheduled_at > :reminded_since
                    and (n.state <> 'planned' or n.campaign_run_id is distinct from :campaign_run_id ::uuid)
            ) then 'recently_reminded'
            when
                cardinality(c.phones) > 0 and ledger.keyed_hash(s.phone_e164, :key, 'phone') = any(c.phones)
                then 'recently_reminded'
            when exists (
                select 1
                from ledger.notice as n
                where
                    n.campaign_run_id = :campaign_run_id ::uuid and n.phone_e164 = s.phone_e164
                    and n.state in ('claimed', 'unknown', 'accepted', 'delivered', 'undelivered', 'failed')
            ) then 'shared_phone'
            when ledger.has_foreign_message(s.phone_e164, c.due_on) then 'found_at_gateway'
            when
                c.has_found and ledger.has_purged_foreign_message(s.phone_e164, c.due_on, :key)
                then 'found_at_gateway'
        end as reason,
        -- The first 8 hexadecimal digits of the hash, as a number in [0, 1): the arm.
        (('x' || left(c.hash, 8))::bit(32)::bigint & 4294967295) / 4294967296.0 as draw,
        -- Others of its digits: who comes first in the line must have nothing to do with the arm.
        substr(c.hash, 9, 16) as lot
    from hashed as c
    left join lateral records.suppression(
        c.subject, c.resident_id, null, :known_at, :on_day, :confirmed_since
    ) as s on true
),

-- Whom other runs of the season had no room for.
deferred_before as (
    select distinct n.resident_id
    from ledger.campaign_run as r
    inner join ledger.notice as n on r.campaign_run_id = n.campaign_run_id
    where
        r.campaign = :campaign and r.season = :season ::smallint and n.state = 'deferred'
        and r.campaign_run_id is distinct from :campaign_run_id ::uuid
),

in_line as (
    select
        j.*,
        d.resident_id is not null as was_deferred,
        row_number() over (
            partition by j.phone_e164, j.reason is null
            order by j.arrears_since nulls last, j.subject
        ) as turn_at_phone
    from judged as j
    left join deferred_before as d on j.resident_id = d.resident_id
),

deduplicated as (
    select
        l.*,
        case when l.reason is null and l.turn_at_phone > 1 then 'shared_phone' else l.reason end as final_reason,
        (
            select a.arm
            from unnest(:arms ::text [], :arm_ends ::float8 []) as a (arm, ends_at)
            where l.draw < a.ends_at
            order by a.ends_at
            limit 1
        ) as arm
    from in_line as l
)

select
    d.subject,
    d.resident_id,
    d.due_on,
    d.fields,
    d.phone_e164,
    d.final_reason,
    d.arm,
    case when d.final_reason is null and d.arm <> 'hold_out' then d.upto end as place,
    case when d.final_reason is null and d.arm = 'hold_out' then d.upto end as ahead
from (
    select
        l.*,
        count(*) filter (where l.arm <> 'hold_out') over (
            partition by l.final_reason is null
            order by l.arrears_since nulls last, not l.was_deferred, l.lot, l.subject
        ) as upto
    from deduplicated as l
) as d;
