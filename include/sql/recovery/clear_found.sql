/*
name:    recovery/clear_found
purpose: A person's word that the telephones of found messages may be reminded again: of some messages, or of all.
grain:   one row per message
params:  gateway_message_ids (text[]), now (timestamptz), by (text), reason (text)
returns: gateway_message_id
*/
update ledger.foreign_message
set cleared_at = :now, cleared_by = :by, cleared_reason = :reason
where
    cleared_at is null
    and (:gateway_message_ids ::text [] is null or gateway_message_id = any(:gateway_message_ids ::text []))
returning gateway_message_id;
