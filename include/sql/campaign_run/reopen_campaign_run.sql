/*
name:    campaign_run/reopen_campaign_run
purpose: A run that expired before anything was planned is open again when somebody asks for it: the records that it
         waited for may be there by now.
grain:   one row; none when the run did not expire, or was planned
params:  campaign_run_id (uuid), opened_at (timestamptz), opened_by (text)
returns: campaign_run_id
*/
update ledger.campaign_run as r
set
    closed_as = null,
    closed_at = null,
    closed_by = null,
    closed_reason = null,
    opened_at = :opened_at,
    opened_by = :opened_by
where r.campaign_run_id = :campaign_run_id and r.closed_as = 'expired' and r.digest is null
returning r.campaign_run_id;
