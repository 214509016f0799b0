/*
name:    campaign_run/verify_batch
purpose: Whether a batch still says what its digest says.
grain:   one row
params:  campaign_run_id (uuid), batch (int), key (bytea)
returns: is_unchanged
*/
select count(*) > 0 as is_unchanged
from ledger.batch as b
inner join ledger.batch_digests(:campaign_run_id, :key) as d on b.batch = d.batch and b.digest = d.digest
where b.campaign_run_id = :campaign_run_id and b.batch = :batch;
