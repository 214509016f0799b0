/*
name:    ledger/list_released_batches
purpose: Batches in which a person decided to send notices again.
grain:   one row per batch
params:
returns: campaign_run_id, batch, campaign
*/
select distinct
    n.campaign_run_id,
    n.batch,
    n.campaign
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
where n.state = 'planned' and n.reason = 'send_again' and r.closed_as is null
order by n.campaign_run_id, n.batch;
