/*
name:    notices/list_receipts
purpose: Everything that gateways reported about some notices, first one first.
grain:   one row per receipt
params:  notice_ids (uuid[])
returns: notice_id, gateway, result, status, sent_result, carrier, charged_parts, sent_at, received_at, recorded_at
*/
select
    r.notice_id,
    r.gateway,
    r.result,
    r.status,
    r.sent_result,
    r.carrier,
    r.charged_parts,
    r.sent_at,
    r.received_at,
    r.recorded_at
from ledger.receipt as r
where r.notice_id = any(:notice_ids ::uuid [])
order by r.gateway_updated_at, r.receipt_id;
