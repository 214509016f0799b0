/*
name:    campaign_run/is_closed
purpose: Whether a run was ended: asked by whoever hands over, while the calls are under way.
grain:   one row
params:  campaign_run_id (uuid)
returns: is_closed
*/
select r.closed_as is not null as is_closed
from ledger.campaign_run as r
where r.campaign_run_id = :campaign_run_id;
