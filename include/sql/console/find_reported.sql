/*
name:    console/find_reported
purpose: What the ledger has of the notices that a console's result file names, as far as they were in a file of it.
grain:   one row per notice
params:  gateway (text), notice_ids (uuid[])
returns: notice_id, state, reason, gateway_message_id, scheduled_at, file
*/
select
    n.notice_id,
    n.state,
    n.reason,
    n.gateway_message_id,
    n.scheduled_at,
    split_part(n.gateway_message_id, ':', 1) as file
from ledger.notice as n
where n.notice_id = any(:notice_ids ::uuid []) and n.gateway = :gateway and n.gateway_message_id is not null;
