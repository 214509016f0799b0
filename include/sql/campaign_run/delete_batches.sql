/*
name:    campaign_run/delete_batches
purpose: Forget the batches of a run that is planned anew, with their digests.
grain:   one row per batch
params:  campaign_run_id (uuid)
returns: batch
*/
delete from ledger.batch as b
where b.campaign_run_id = :campaign_run_id
returning b.batch;
