/*
name:    schema/0007_effect
purpose: What measuring the effect needs: when a subject was settled first, what was received for it and when, the calls
         that a section counted, and every measurement that was ever told.
*/

-- What was received for an instalment, or for a payment plan since it was agreed on. A reversal takes back what was
-- received, whenever that became known.
create function records.subject_payment(of_subject text, known_at timestamptz)
returns table (paid_on date, amount_yen integer) language sql stable as $$
    select pay.paid_on, pay.amount_yen
    from records.levy as l
    inner join records.payment as pay on l.levy_id = pay.levy_id
    where
        l.subject = of_subject and records.subject_kind(of_subject) = 'levy'
        and l.recorded_at <= known_at and l.superseded_at > known_at
        and pay.recorded_at <= known_at and pay.superseded_at > known_at
    union all
    select pay.paid_on, pay.amount_yen
    from records.plan as p
    inner join records.plan_levy as pl on p.plan_id = pl.plan_id
    inner join records.payment as pay on pl.levy_id = pay.levy_id
    where
        p.plan_id = split_part(of_subject, '/', 2) and records.subject_kind(of_subject) = 'plan'
        and pay.paid_on >= p.agreed_on
        and p.recorded_at <= known_at and p.superseded_at > known_at
        and pl.recorded_at <= known_at and pl.superseded_at > known_at
        and pay.recorded_at <= known_at and pay.superseded_at > known_at
$$;

-- The first day on which a subject was settled by what was received until then and is not undone; null: it is not.
-- records.settlement says whether it is settled now; its day is that of the last payment, which may be a later one.
create function records.first_settled_on(of_subject text, known_at timestamptz)
returns date language sql stable as $$
    select min(upto.paid_on)
    from (
        select
            r.paid_on,
            sum(r.amount_yen) filter (where r.amount_yen > 0) over (order by r.paid_on)
            + coalesce(sum(r.amount_yen) filter (where r.amount_yen < 0) over (), 0) as received_yen
        from records.subject_payment(of_subject, known_at) as r
    ) as upto
    where upto.received_yen >= (
        select sum(l.amount_yen)
        from records.levy as l
        where
            l.subject = of_subject and records.subject_kind(of_subject) = 'levy'
            and l.recorded_at <= known_at and l.superseded_at > known_at
    ) or upto.received_yen >= (
        select sum(i.amount_yen)
        from records.plan_instalment as i
        where
            i.plan_id = split_part(of_subject, '/', 2)
            and i.instalment <= records.subject_number(of_subject, 'plan', 3)
            and i.recorded_at <= known_at and i.superseded_at > known_at
    )
    union all
    select s.screened_on
    from records.household_screening(of_subject, known_at) as s
    where records.subject_kind(of_subject) = 'check_up'
    order by 1 nulls last
    limit 1
$$;

-- Telephone calls that a section counted on a day, typed in by its staff; the last word on a day counts.
create table ledger.call_count (
    call_count_id bigint not null primary key generated always as identity,
    section text not null check (section <> ''),
    received_on date not null,
    calls integer not null check (calls >= 0),
    recorded_by text not null check (recorded_by <> ''),
    recorded_at timestamptz not null
);
create index call_count_day on ledger.call_count (section, received_on);
grant select, insert on ledger.call_count to oshirase_campaign;
create trigger call_count_is_append_only before update or delete or truncate on ledger.call_count
for each statement execute function ledger.refuse_change();

-- What was measured of a season, as counts: nobody can be told from them. A later row restates an earlier one, which
-- stays: what was told then can be shown.
create table ledger.measurement (
    measurement_id bigint not null primary key generated always as identity,
    campaign text not null,
    season smallint not null,
    measured_at timestamptz not null,
    measured_by text not null check (measured_by <> ''),
    counts jsonb not null
);
create index measurement_season on ledger.measurement (campaign, season, measured_at);
grant select, insert on ledger.measurement to oshirase_campaign;
create trigger measurement_is_append_only before update or delete or truncate on ledger.measurement
for each statement execute function ledger.refuse_change();
