/*
name:    schema/0001_screening
purpose: The one definition of "settled" and of every reason not to send that the records know. The screening of a run
         and the claim at hand-over both ask these functions. Plain SQL table functions: the planner inlines them.
*/
create function records.levy_balance(of_subject text, known_at timestamptz)
returns table (balance_yen bigint, last_paid_on date) language sql stable as $$
    select
        sum(l.amount_yen) - coalesce(sum(p.paid_yen), 0) as balance_yen,
        max(p.last_paid_on) as last_paid_on
    from records.levy as l
    left join lateral (
        select sum(p.amount_yen) as paid_yen, max(p.paid_on) as last_paid_on
        from records.payment as p
        where p.levy_id = l.levy_id and p.recorded_at <= known_at and p.superseded_at > known_at
    ) as p on true
    where l.subject = of_subject and l.recorded_at <= known_at and l.superseded_at > known_at
$$;

-- The number to use for a resident: a usable one before an unusable one, the latest confirmed first.
create function records.best_contact(of_resident text, known_at timestamptz)
returns table (phone_e164 text, unusable_reason text, confirmed_on date) language sql stable as $$
    select c.phone_e164, c.unusable_reason, c.confirmed_on
    from records.contact as c
    where c.resident_id = of_resident and c.recorded_at <= known_at and c.superseded_at > known_at
    order by c.phone_e164 is null, c.confirmed_on desc nulls last, c.contact_no
    limit 1
$$;

-- The first reason, in the order of docs/screening.md, not to remind a resident of a subject by a number; null: none.
create function records.suppression(
    of_subject text, of_resident text, by_phone text, known_at timestamptz, on_day date, confirmed_since date
)
returns table (reason text) language sql stable as $$
    select case
        when r.resident_id is null then 'not_in_records'
        when r.is_protected then 'protected'
        when r.status = 'deceased' then 'deceased'
        when r.status = 'moved_out' then 'moved_out'
        when r.birth_on > on_day - interval '18 years' then 'minor'
        when exists (
            select 1 from records.levy_balance(of_subject, known_at) as b where b.balance_yen <= 0
        ) then 'settled'
        when h.kind is not null then h.kind
        when exists (
            select 1
            from records.levy as l
            inner join records.plan_levy as pl on l.levy_id = pl.levy_id
            inner join records.plan as p on pl.plan_id = p.plan_id
            where
                l.subject = of_subject and p.status = 'active'
                and l.recorded_at <= known_at and l.superseded_at > known_at
                and pl.recorded_at <= known_at and pl.superseded_at > known_at
                and p.recorded_at <= known_at and p.superseded_at > known_at
        ) then 'on_plan'
        when exists (
            select 1
            from records.levy as l
            where
                l.subject = of_subject and l.collection <> 'ordinary'
                and l.recorded_at <= known_at and l.superseded_at > known_at
        ) then 'direct_debit'
        when exists (
            select 1
            from records.opt_out as o
            where
                (o.resident_id = of_resident or o.phone_e164 = by_phone) and o.from_on <= on_day
                and o.recorded_at <= known_at and o.superseded_at > known_at
        ) then 'opted_out'
        when c.resident_id is null then 'no_phone'
        when c.phone_e164 is null then 'phone_unusable'
        when by_phone is distinct from c.phone_e164 then 'phone_changed'
        when c.confirmed_on is null or c.confirmed_on < confirmed_since then 'phone_not_confirmed'
        when exists (
            select 1
            from records.contact as other
            inner join records.resident as sharer on other.resident_id = sharer.resident_id
            where
                other.phone_e164 = by_phone and sharer.is_protected
                and other.recorded_at <= known_at and other.superseded_at > known_at
                and sharer.recorded_at <= known_at and sharer.superseded_at > known_at
        ) then 'phone_of_protected'
    end as reason
    from (values (1)) as once (one)
    left join records.resident as r
        on r.resident_id = of_resident and r.recorded_at <= known_at and r.superseded_at > known_at
    left join lateral (
        select h.kind
        from records.hold as h
        where
            h.resident_id = of_resident
            and h.from_on <= on_day and (h.until_on is null or h.until_on >= on_day)
            and h.recorded_at <= known_at and h.superseded_at > known_at
        order by h.from_on, h.hold_id
        limit 1
    ) as h on true
    left join lateral (
        select of_resident as resident_id, b.phone_e164, b.confirmed_on
        from records.best_contact(of_resident, known_at) as b
    ) as c on true
$$;
