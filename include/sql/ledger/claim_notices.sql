/*
name:    ledger/claim_notices
purpose: Take planned notices of an approved run for handing over, unless sending is locked. The records are asked again
         in this same statement: who has been settled meanwhile is suppressed, what missed its window expires, the rest
         is claimed.
grain:   one row per notice taken out of the line
params:  campaign_run_id (uuid), batch (int), most (int), claim_id (uuid), gateway (text), by (text),
         now (timestamptz), lease_until (timestamptz), known_at (timestamptz), on_day (date), confirmed_since (date)
returns: notice_id, state, phone_e164, body, scheduled_at, limited_at
*/
with candidate as materialized (
    select
        n.notice_id,
        n.subject,
        n.resident_id,
        n.phone_e164,
        n.text_id,
        n.due_on,
        n.limited_at
    from ledger.notice as n
    inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
    where
        n.campaign_run_id = :campaign_run_id and n.batch = :batch and n.state = 'planned'
        and r.closed_as is null
        and ledger.is_approved(r.campaign_run_id)
        and not ledger.is_sending_locked()
    order by n.scheduled_at, n.notice_id
    limit :most
    for update of n skip locked
),

asked as (
    select
        c.notice_id,
        c.text_id,
        c.limited_at,
        coalesce(
            s.reason, case when ledger.has_foreign_message(c.phone_e164, c.due_on) then 'found_at_gateway' end
        ) as reason
    from candidate as c
    left join lateral records.suppression(
        c.subject, c.resident_id, c.phone_e164, :known_at, :on_day, :confirmed_since
    ) as s on true
),

judged as (
    select
        a.notice_id,
        a.text_id,
        a.reason,
        case
            when a.reason is not null then 'suppressed'
            when a.limited_at <= :now then 'expired'
            else 'claimed'
        end as state
    from asked as a
)

update ledger.notice as n
set
    state = j.state,
    reason = case j.state when 'expired' then 'window_closed' else j.reason end,
    claim_id = case when j.state = 'claimed' then :claim_id ::uuid end,
    claimed_by = case when j.state = 'claimed' then :by ::text end,
    lease_until = case when j.state = 'claimed' then :lease_until ::timestamptz end,
    gateway = case when j.state = 'claimed' then :gateway ::text end,
    attempt = n.attempt + case when j.state = 'claimed' then 1 else 0 end,
    state_changed_at = :now,
    state_changed_by = :by
from judged as j
left join ledger.message_text as t on j.text_id = t.text_id
where n.notice_id = j.notice_id
returning n.notice_id, n.state, n.phone_e164, t.body, n.scheduled_at, n.limited_at;
