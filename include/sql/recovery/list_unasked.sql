/*
name:    recovery/list_unasked
purpose: Gateways that have not been asked to the end what they had, since the newest lock of a restore that holds.
grain:   one row per gateway
params:  gateways (text[])
returns: gateway
*/
select g.gateway
from unnest(:gateways ::text []) as g (gateway)
where
    not exists (
        select 1
        from ledger.gateway_inquiry as i
        where
            i.gateway = g.gateway and i.finished_at is not null
            and i.asked_at >= (
                select max(l.locked_at)
                from ledger.sending_lock as l
                where
                    l.kind = 'restored'
                    and not exists (
                        select 1 from ledger.sending_release as r where r.sending_lock_id = l.sending_lock_id
                    )
            )
    )
order by g.gateway;
