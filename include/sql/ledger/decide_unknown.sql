/*
name:    ledger/decide_unknown
purpose: A person's word on notices that were looked up and not found: send again, or leave. Notices that became
         undecided after the person was shown the list are not touched. Without ids or campaigns: of
         all.
grain:   one row per notice decided
params:  notice_ids (uuid[]), campaigns (text[]), seen_at (timestamptz), is_to_send (bool), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set
    state = case when :is_to_send then 'planned' else 'unknown' end,
    reason = case when :is_to_send then 'send_again' else 'left' end,
    state_changed_at = :now,
    state_changed_by = :by
where
    state = 'unknown' and reason = 'not_found' and state_changed_at <= :seen_at
    and (:notice_ids ::uuid [] is null or notice_id = any(:notice_ids ::uuid []))
    and (:campaigns ::text [] is null or campaign = any(:campaigns ::text []))
returning notice_id;
