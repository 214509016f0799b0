/*
name:    ledger/block_calls
purpose: Nobody calls a gateway before the time that it asked for has passed.
grain:   one row
params:  gateway (text), seconds (float8)
returns: nothing
*/
insert into ledger.gateway_pace (gateway, next_at, blocked_until)
values (:gateway, clock_timestamp(), clock_timestamp() + make_interval(secs => :seconds))
on conflict (gateway) do update
    set blocked_until = greatest(gateway_pace.blocked_until, excluded.blocked_until);
