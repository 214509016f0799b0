/*
name:    campaign_run/withdraw_notices
purpose: Before a run is planned anew: take everybody out of the line who has no place in it any more, so that another
         one may take the telephone.
grain:   one row per notice taken out of the line
params:  campaign_run_id (uuid), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice as n
set
    state = coalesce(p.state, 'suppressed'),
    reason = case when p.state is null then 'not_selected' else p.reason end,
    text_id = null,
    parts = null,
    batch = null,
    scheduled_at = null,
    limited_at = null,
    state_changed_at = :now,
    state_changed_by = :by
from ledger.notice as old
left join placed as p on old.subject = p.subject
where
    n.notice_id = old.notice_id and old.campaign_run_id = :campaign_run_id and n.state = 'planned'
    and p.state is distinct from 'planned'
returning n.notice_id;
