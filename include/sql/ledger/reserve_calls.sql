/*
name:    ledger/reserve_calls
purpose: Reserve the next free moments for calls to a gateway, one after the other over all processes, none before the
         gateway's own Retry-After is over.
grain:   one row
params:  gateway (text), calls (int), spacing_seconds (float8)
returns: wait_seconds
*/
insert into ledger.gateway_pace as p (gateway, next_at)
values (:gateway, clock_timestamp() + make_interval(secs => :calls * :spacing_seconds))
on conflict (gateway) do update
    set
        next_at
        = greatest(p.next_at, p.blocked_until, clock_timestamp()) + make_interval(secs => :calls * :spacing_seconds)
returning
    extract(epoch from p.next_at - make_interval(secs => :calls * :spacing_seconds) - clock_timestamp())
    ::float8 as wait_seconds;
