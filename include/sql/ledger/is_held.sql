/*
name:    ledger/is_held
purpose: Whether a sender holds notices of a batch that it may still give back.
grain:   one row
params:  campaign_run_id (uuid), batch (int), now (timestamptz)
returns: is_held
*/
select exists(
    select 1
    from ledger.notice as n
    where
        n.campaign_run_id = :campaign_run_id and n.batch = :batch
        and n.state = 'claimed' and n.lease_until > :now
) as is_held;
