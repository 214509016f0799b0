/*
name:    campaign_run/insert_notices
purpose: Write one notice for each cohort member that has none in the run yet; in the order of the indexes.
grain:   one row per cohort member
params:  campaign_run_id (uuid), campaign (text), now (timestamptz), by (text)
returns: nothing
*/
insert into ledger.notice (
    campaign_run_id, campaign, subject, resident_id, due_on, phone_e164, state, reason, arm, text_id, parts, batch,
    scheduled_at, limited_at, state_changed_at, state_changed_by
)
select
    :campaign_run_id,
    :campaign,
    p.subject,
    p.resident_id,
    p.due_on,
    p.phone_e164,
    p.state,
    p.reason,
    p.arm,
    p.text_id,
    p.parts,
    p.batch,
    p.scheduled_at,
    p.limited_at,
    :now,
    :by
from placed as p
where
    not exists (
        select 1
        from ledger.notice as n
        where n.campaign_run_id = :campaign_run_id and n.subject = p.subject
    )
order by p.subject;
