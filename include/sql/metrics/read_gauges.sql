/*
name:    metrics/read_gauges
purpose: How much is waiting now: runs for an approval, notices of unknown outcome, and the longest that a message which
         should have left has been without a receipt.
grain:   one row
params:  now (timestamptz)
returns: approvals_waiting, unknown_waiting, receipts_lag_seconds
*/
select
    (
        select count(*)
        from ledger.campaign_run as r
        where
            r.closed_as is null and r.composed_at is not null
            and not ledger.is_approved(r.campaign_run_id)
            and exists (
                select 1
                from ledger.notice as n
                where n.campaign_run_id = r.campaign_run_id and n.state = 'planned'
            )
    ) as approvals_waiting,
    (
        select count(*)
        from ledger.notice as n
        where n.state = 'unknown' and n.reason is distinct from 'in_upload_file'
    ) as unknown_waiting,
    (
        select coalesce(extract(epoch from :now - min(n.scheduled_at)), 0) ::float
        from ledger.notice as n
        where n.state = 'accepted' and n.reason is distinct from 'no_receipt' and n.scheduled_at <= :now
    ) as receipts_lag_seconds;
