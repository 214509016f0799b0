/*
name:    campaign_run/update_notices
purpose: When a run is planned anew: what was not handed over becomes what it would be now. Who is held out keeps the
         time of a place in the line when that part of the line has been handed over.
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
    scheduled_at = case
        when n.state = 'held_out' and p.state = 'held_out' and exists (
            select 1
            from ledger.notice as other
            where
                other.campaign_run_id = n.campaign_run_id and other.handed_over_at is not null
                and other.scheduled_at >= n.scheduled_at
        ) then n.scheduled_at
        else p.scheduled_at
    end,
    limited_at = p.limited_at,
    state_changed_at = :now,
    state_changed_by = :by
from placed as p
where
    n.campaign_run_id = :campaign_run_id and n.subject = p.subject
    and n.state in ('planned', 'suppressed', 'held_out', 'deferred', 'expired')
returning n.notice_id;
