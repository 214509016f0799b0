/*
name:    notices/list_for_download
purpose: The notices of a run that a person's search finds, by booking; who they are about only when it is to be known.
grain:   one row per notice
params:  campaign_run_id (uuid), is_personal (bool), states (text[]), reason (text), arm (text), carrier (text),
         last_four (text), first_id (uuid), last_id (uuid)
returns: notice_id, phone_masked, resident_id, phone_e164, state, reason, arm, version, scheduled_at, handed_over_at,
         received_at, carrier, settled_on, attempt, state_changed_at
*/
with found as (
    select
        n.notice_id,
        n.resident_id,
        n.phone_e164
    from ledger.notice as n
    where
        n.campaign_run_id = :campaign_run_id and n.state = any(:states ::text [])
        and ledger.is_wanted(n, :reason, :arm, :carrier, :last_four, :first_id, :last_id)
)

select
    f.notice_id,
    n.phone_masked,
    case when :is_personal and f.resident_id not like '#%' then f.resident_id end as resident_id,
    case when :is_personal then f.phone_e164 end as phone_e164,
    n.state,
    n.reason,
    n.arm,
    n.version,
    n.scheduled_at,
    n.handed_over_at,
    n.received_at,
    n.carrier,
    n.settled_on,
    n.attempt,
    n.state_changed_at
from found as f
inner join ledger.listed_notice as n on f.notice_id = n.notice_id
order by ledger.booked_at(n.scheduled_at), f.notice_id;
