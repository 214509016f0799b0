/*
name:    stop/has_senders
purpose: Whether somebody still holds notices of a stopped run: what of them was handed over is not recorded yet.
grain:   one row
params:  now (timestamptz)
returns: has_senders
*/
select exists(
    select 1
    from ledger.notice as n
    inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
    where r.closed_as = 'stopped' and n.state = 'claimed' and n.lease_until > :now
) as has_senders;
