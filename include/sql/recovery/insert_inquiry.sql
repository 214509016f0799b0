/*
name:    recovery/insert_inquiry
purpose: Begin to ask a gateway for all that it took between two moments.
grain:   one row
params:  gateway (text), since (timestamptz), until (timestamptz), now (timestamptz), by (text)
returns: gateway_inquiry_id, since_at, until_at, read_until
*/
insert into ledger.gateway_inquiry (gateway, since_at, until_at, read_until, asked_at, asked_by)
values (:gateway, :since, :until, :since, :now, :by)
returning gateway_inquiry_id, since_at, until_at, read_until;
