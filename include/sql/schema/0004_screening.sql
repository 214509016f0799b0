/*
name:    schema/0004_screening
purpose: Screening for every kind of subject: instalments, payment plans, check-ups, and information about nothing that
         could be settled. Still the one definition of "settled" and of every reason not to send that the records know;
         the screening of a run and the claim at hand-over both ask these functions.
*/

-- The obligor's arrears are looked up when the line is ordered.
create index levy_obligor on records.levy (obligor_id, scheme, due_on);

-- What a subject is about; its first part says so. All others are information: nothing settles it.
create function records.subject_kind(of_subject text) returns text language sql immutable parallel safe as $$
    select case split_part(of_subject, '/', 1)
        when 'nhi' then 'levy'
        when 'late_elderly' then 'levy'
        when 'plan' then 'plan'
        when 'check_up' then 'check_up'
        else 'information'
    end
$$;

-- A number that a subject of a kind has as one of its parts; null for other kinds, whose parts need not be numbers.
create function records.subject_number(of_subject text, of_kind text, part integer) returns smallint
language sql immutable parallel safe as $$
    select case when records.subject_kind(of_subject) = of_kind then split_part(of_subject, '/', part)::smallint end
$$;

-- plan / id / instalment: what the plan says is due by this instalment, less what was received since the agreement.
create function records.plan_balance(of_subject text, known_at timestamptz)
returns table (balance_yen bigint, last_paid_on date) language sql stable as $$
    select
        sum(due.due_yen) - coalesce(sum(received.paid_yen), 0) as balance_yen,
        max(received.last_paid_on) as last_paid_on
    from records.plan as p
    cross join lateral (
        select sum(i.amount_yen) as due_yen
        from records.plan_instalment as i
        where
            i.plan_id = p.plan_id and i.instalment <= records.subject_number(of_subject, 'plan', 3)
            and i.recorded_at <= known_at and i.superseded_at > known_at
    ) as due
    cross join lateral (
        select sum(pay.amount_yen) as paid_yen, max(pay.paid_on) as last_paid_on
        from records.plan_levy as pl
        inner join records.payment as pay on pl.levy_id = pay.levy_id
        where
            pl.plan_id = p.plan_id and pay.paid_on >= p.agreed_on
            and pl.recorded_at <= known_at and pl.superseded_at > known_at
            and pay.recorded_at <= known_at and pay.superseded_at > known_at
    ) as received
    where
        p.plan_id = split_part(of_subject, '/', 2)
        and p.recorded_at <= known_at and p.superseded_at > known_at
$$;

-- check_up / fiscal year / wave / household: the first member of the household who was screened in that year.
create function records.household_screening(of_subject text, known_at timestamptz)
returns table (screened_on date) language sql stable as $$
    select min(s.screened_on) as screened_on
    from records.resident as r
    inner join records.screening as s on r.resident_id = s.resident_id
    where
        r.household_id = split_part(of_subject, '/', 4)
        and s.fiscal_year = records.subject_number(of_subject, 'check_up', 2)
        and r.recorded_at <= known_at and r.superseded_at > known_at
        and s.recorded_at <= known_at and s.superseded_at > known_at
$$;

-- Whether a subject is settled, and since when. A null in `is_settled`: the records do not have the subject any more.
create function records.settlement(of_subject text, known_at timestamptz)
returns table (is_settled boolean, settled_on date) language sql stable as $$
    select b.balance_yen <= 0 as is_settled, b.last_paid_on as settled_on
    from records.levy_balance(of_subject, known_at) as b
    where records.subject_kind(of_subject) = 'levy'
    union all
    select b.balance_yen <= 0, b.last_paid_on
    from records.plan_balance(of_subject, known_at) as b
    where records.subject_kind(of_subject) = 'plan'
    union all
    select s.screened_on is not null, s.screened_on
    from records.household_screening(of_subject, known_at) as s
    where records.subject_kind(of_subject) = 'check_up'
    union all
    select false, null
    where records.subject_kind(of_subject) = 'information'
$$;

drop function records.suppression(text, text, text, timestamptz, date, date);

-- The first reason, in the order of docs/screening.md, not to remind a resident of a subject; null: none. By the number
-- that was approved, or, where none is given, by the one to use now.
create function records.suppression(
    of_subject text, of_resident text, by_phone text, known_at timestamptz, on_day date, confirmed_since date
)
returns table (reason text, phone_e164 text) language sql stable as $$
    select
        case
            when r.resident_id is null then 'not_in_records'
            when r.is_protected then 'protected'
            when r.status = 'deceased' then 'deceased'
            when r.status = 'moved_out' then 'moved_out'
            when r.birth_on > on_day - interval '18 years' then 'minor'
            when k.kind <> 'information' and found.is_settled is null then 'withdrawn'
            when k.kind = 'check_up' and found.is_settled then 'screened'
            when found.is_settled then 'settled'
            when k.kind in ('levy', 'plan') and h.kind is not null then h.kind
            when k.kind = 'levy' and exists (
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
            when k.kind = 'plan' and not exists (
                select 1
                from records.plan as p
                where
                    p.plan_id = split_part(of_subject, '/', 2) and p.status = 'active'
                    and p.recorded_at <= known_at and p.superseded_at > known_at
            ) then 'plan_ended'
            when k.kind = 'levy' and exists (
                select 1
                from records.levy as l
                where
                    l.subject = of_subject and l.collection <> 'ordinary'
                    and l.recorded_at <= known_at and l.superseded_at > known_at
            ) then 'direct_debit'
            -- NHI by household, as its head owes the premium, insured or not; the late-elderly each for themselves.
            -- Most are insured themselves: asked first, as the household takes three times as long.
            when k.kind <> 'information' and not exists (
                select 1
                from records.enrolment as e
                where
                    e.resident_id = of_resident and e.scheme = k.scheme
                    and e.enrolled_on <= on_day and (e.left_on is null or e.left_on > on_day)
                    and e.recorded_at <= known_at and e.superseded_at > known_at
            ) and not exists (
                select 1
                from records.resident as member
                inner join records.enrolment as e on member.resident_id = e.resident_id
                where
                    member.household_id = r.household_id and k.scheme = 'nhi' and e.scheme = k.scheme
                    and e.enrolled_on <= on_day and (e.left_on is null or e.left_on > on_day)
                    and member.recorded_at <= known_at and member.superseded_at > known_at
                    and e.recorded_at <= known_at and e.superseded_at > known_at
            ) then 'not_insured'
            when k.kind = 'check_up' and r.birth_on <= on_day - interval '75 years' then 'over_age'
            when k.kind = 'check_up' and not exists (
                select 1
                from records.screening_voucher as v
                where
                    v.resident_id = of_resident and v.fiscal_year = records.subject_number(of_subject, 'check_up', 2)
                    and v.exclusion is null and v.recorded_at <= known_at and v.superseded_at > known_at
            ) then 'not_eligible'
            when exists (
                select 1
                from records.opt_out as o
                where
                    (o.resident_id = of_resident or o.phone_e164 = coalesce(by_phone, c.phone_e164))
                    and o.from_on <= on_day
                    and o.recorded_at <= known_at and o.superseded_at > known_at
            ) then 'opted_out'
            when c.resident_id is null then 'no_phone'
            when c.phone_e164 is null then 'phone_unusable'
            when by_phone <> c.phone_e164 then 'phone_changed'
            when c.confirmed_on is null or c.confirmed_on < confirmed_since then 'phone_not_confirmed'
            when exists (
                select 1
                from records.contact as other
                inner join records.resident as sharer on other.resident_id = sharer.resident_id
                where
                    other.phone_e164 = c.phone_e164 and other.resident_id <> of_resident and sharer.is_protected
                    and other.recorded_at <= known_at and other.superseded_at > known_at
                    and sharer.recorded_at <= known_at and sharer.superseded_at > known_at
            ) then 'phone_of_protected'
        end as reason,
        c.phone_e164
    from (
        select
            records.subject_kind(of_subject) as kind,
            case records.subject_kind(of_subject)
                when 'levy' then split_part(of_subject, '/', 1)
                when 'check_up' then 'nhi'
                when 'plan' then (
                    select p.scheme::text
                    from records.plan as p
                    where
                        p.plan_id = split_part(of_subject, '/', 2)
                        and p.recorded_at <= known_at and p.superseded_at > known_at
                )
            end as scheme
    ) as k
    -- The limit keeps it from being asked once for each place that names it.
    left join lateral (
        select s.is_settled
        from records.settlement(of_subject, known_at) as s
        limit 1
    ) as found on true
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

-- What the pace of later runs has to know of this one.
alter table ledger.campaign_run
add column section text,
add column season smallint,
add column call_rate double precision;
create index campaign_run_season on ledger.campaign_run (campaign, season);
