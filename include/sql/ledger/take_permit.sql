/*
name:    ledger/take_permit
purpose: Take one of the numbered permits for calls in flight to a gateway, if it is free; held by this session.
grain:   one row
params:  gateway (text), permit (int)
returns: is_taken
*/
select pg_try_advisory_lock(hashtext('oshirase/' || :gateway), :permit) as is_taken;
