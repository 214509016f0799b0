/*
name:    review/count_lost_leases
purpose: Notices of a run whose sender did not come back in time.
grain:   one row
params:  campaign_run_id (uuid), now (timestamptz)
returns: notices
*/
select count(*) as notices
from ledger.notice as n
where n.campaign_run_id = :campaign_run_id and n.state = 'claimed' and n.lease_until <= :now;
