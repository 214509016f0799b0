/*
name:    recovery/note_window
purpose: All that the gateway took until a moment has been read; when it is the last one, the inquiry is finished.
grain:   one row
params:  gateway_inquiry_id (bigint), read_until (timestamptz), now (timestamptz)
returns: nothing
*/
update ledger.gateway_inquiry
set
    read_until = :read_until,
    finished_at = case when until_at = :read_until then :now ::timestamptz end
where gateway_inquiry_id = :gateway_inquiry_id and read_until <= :read_until;
