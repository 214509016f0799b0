/*
name:    campaign_run/insert_notices
purpose: Write one notice per cohort member. When the run is planned anew, those of which nothing was handed over become
         what they would be now.
grain:   one row per cohort member
params:  campaign_run_id (uuid), campaign (text), now (timestamptz), by (text)
returns: nothing
*/
insert into ledger.notice as n (
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
on conflict (campaign_run_id, subject) do update
    set
        resident_id = excluded.resident_id,
        due_on = excluded.due_on,
        phone_e164 = excluded.phone_e164,
        state = excluded.state,
        reason = excluded.reason,
        arm = excluded.arm,
        text_id = excluded.text_id,
        parts = excluded.parts,
        batch = excluded.batch,
        scheduled_at = excluded.scheduled_at,
        limited_at = excluded.limited_at,
        state_changed_at = excluded.state_changed_at,
        state_changed_by = excluded.state_changed_by
    where n.state in ('planned', 'suppressed', 'held_out', 'deferred', 'expired');
