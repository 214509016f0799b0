/*
name:    ledger/mark_silent
purpose: Notices whose SMS has left for so long that a receipt should have come: say so. A late one still counts.
grain:   one row per notice newly marked
params:  left_before (timestamptz), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set reason = 'no_receipt', state_changed_at = :now, state_changed_by = :by
where
    state = 'accepted' and reason is distinct from 'no_receipt'
    and greatest(scheduled_at, handed_over_at) <= :left_before
returning notice_id;
