/*
name:    notices/load_lives
purpose: Everything that the ledger knows of some notices; the number is masked.
grain:   one row per notice
params:  notice_ids (uuid[])
returns: notice_id, campaign_run_id, campaign, occurrence_on, subject, resident_id, due_on, state, reason, arm, version,
         parts, batch, scheduled_at, limited_at, gateway, attempt, handed_over_at, sent_at, received_at, carrier,
         cancel_reason, cancel_outcome, cancel_tried_at, state_changed_at, settled_on, settled_known_at, purged_at,
         pseudonymised_at, body, phone_masked
*/
select
    n.notice_id,
    n.campaign_run_id,
    n.campaign,
    r.occurrence_on,
    n.subject,
    n.resident_id,
    n.due_on,
    n.state,
    n.reason,
    n.arm,
    t.version,
    n.parts,
    n.batch,
    n.scheduled_at,
    n.limited_at,
    n.gateway,
    n.attempt,
    n.handed_over_at,
    n.sent_at,
    n.received_at,
    n.carrier,
    n.cancel_reason,
    n.cancel_outcome,
    n.cancel_tried_at,
    n.state_changed_at,
    o.settled_on,
    o.recorded_at as settled_known_at,
    n.purged_at,
    n.pseudonymised_at,
    case when n.purged_at is null then t.body end as body,
    ledger.mask_phone(n.phone_e164) as phone_masked
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
left join ledger.message_text as t on n.text_id = t.text_id
left join ledger.outcome as o on n.notice_id = o.notice_id and o.kind = 'settled'
where n.notice_id = any(:notice_ids ::uuid [])
order by r.occurrence_at desc, n.notice_id;
