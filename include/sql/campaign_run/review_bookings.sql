/*
name:    campaign_run/review_bookings
purpose: When the first and the last planned SMS of a run would leave.
grain:   one row
params:  campaign_run_id (uuid)
returns: first_at, last_at
*/
select
    min(n.scheduled_at) as first_at,
    max(n.scheduled_at) as last_at
from ledger.notice as n
where n.campaign_run_id = :campaign_run_id and n.state = 'planned';
