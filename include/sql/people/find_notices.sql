/*
name:    people/find_notices
purpose: The notices of a person, newest occurrence first: their own, and those of the household that they belonged to
         when it was selected, whoever of it was to get the message.
grain:   one row per notice
params:  ids (text[]), campaigns (text[]), most (int)
returns: notice_id, is_addressee
*/
with own as (
    select
        n.notice_id,
        n.campaign_run_id
    from ledger.notice as n
    where n.resident_id = any(:ids ::text []) and n.campaign = any(:campaigns ::text [])
),

of_household as (
    select distinct
        n.notice_id,
        n.campaign_run_id
    from records.resident as me
    inner join records.resident as member on me.household_id = member.household_id
    inner join ledger.notice as n on member.resident_id = n.resident_id
    inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
    where
        me.resident_id = any(:ids ::text []) and n.campaign = any(:campaigns ::text [])
        and n.resident_id <> all(:ids ::text [])
        and records.subject_kind(n.subject) = 'check_up' and split_part(n.subject, '/', 4) = me.household_id
        and coalesce(r.composed_at, r.opened_at) >= me.recorded_at
        and coalesce(r.composed_at, r.opened_at) < me.superseded_at
),

found as (
    select
        o.*,
        true as is_addressee
    from own as o
    union all
    select
        h.*,
        false as is_addressee
    from of_household as h
)

select
    f.notice_id,
    f.is_addressee
from found as f
inner join ledger.campaign_run as r on f.campaign_run_id = r.campaign_run_id
order by r.occurrence_at desc, f.notice_id
limit :most;
