/*
name:    campaign_run/update_notices
purpose: When a run is planned anew: what was not handed over becomes what it would be now.
grain:   one row per notice of the run that is open
params:  campaign_run_id (uuid), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice as n
set
    resident_id = p.resident_id,
    due_on = p.due_on,
    phone_e164 = p.phone_e164,
    state = p.state,
    reason = p.reason,
    arm = p.arm,
    text_id = p.text_id,
    parts = p.parts,
    batch = p.batch,
    scheduled_at = p.scheduled_at,
    limited_at = p.limited_at,
    state_changed_at = :now,
    state_changed_by = :by
from placed as p
where
    n.campaign_run_id = :campaign_run_id and n.subject = p.subject
    and n.state in ('planned', 'suppressed', 'held_out', 'deferred', 'expired')
returning n.notice_id;
