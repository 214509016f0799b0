/*
name:    campaign_run/close_campaign_run
purpose: End a run for good, with who and why.
grain:   one row
params:  campaign_run_id (uuid), closed_as (text), closed_at (timestamptz), closed_by (text), closed_reason (text)
returns: nothing
*/
update ledger.campaign_run
set closed_as = :closed_as, closed_at = :closed_at, closed_by = :closed_by, closed_reason = :closed_reason
where campaign_run_id = :campaign_run_id and closed_as is null;
