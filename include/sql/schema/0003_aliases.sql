/*
name:    schema/0003_aliases
purpose: Residents whose id was re-issued or merged: one id for a person, so that what was decided and sent still
         counts.
*/

-- A resident's old id and the one that took its place (再付番, 統合).
create table records.id_change (
    old_id text not null,
    new_id text not null,
    changed_on date not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (old_id, recorded_at),
    check (old_id <> new_id)
);
create unique index id_change_current on records.id_change (old_id) where superseded_at = 'infinity';

-- Every other id that a resident has or had, and the one under which the records know the person: the first one.
-- Derived from `id_change`.
create table records.alias (
    alias_id text not null primary key,
    resident_id text not null,
    check (alias_id <> resident_id)
);
create index alias_resident on records.alias (resident_id);

grant select on records.id_change, records.alias to oshirase_campaign;
grant select, insert, update, delete on records.id_change, records.alias to oshirase_ingest;

-- Derive the aliases anew, and bring the current facts of every alias under the resident's one id. Of two facts that
-- become the same one, the one that was recorded last stands; but protection is not lost by a merge.
create function records.adopt_ids(now timestamptz) returns void language plpgsql as $$
declare
    fact record;
    known_as text;
    columns text;
    moved_columns text;
    moved_key text;
    same_key text;
begin
    delete from records.alias;
    insert into records.alias (alias_id, resident_id)
    with recursive link as (
        select old_id as id, new_id as other from records.id_change where superseded_at = 'infinity'
        union
        select new_id, old_id from records.id_change where superseded_at = 'infinity'
    ),
    reached as (
        select l.id, l.id as other from link as l
        union
        select r.id, l.other from reached as r inner join link as l on r.other = l.id
    ),
    -- The oldest id of a person is one that replaced no other; of several, the one that was replaced first.
    root as (
        select distinct on (r.id) r.id, c.old_id
        from reached as r
        inner join records.id_change as c on r.other = c.old_id and c.superseded_at = 'infinity'
        where not exists (
            select from records.id_change as e where e.new_id = c.old_id and e.superseded_at = 'infinity'
        )
        order by r.id, c.changed_on, c.old_id
    )
    select id, old_id from root where id <> old_id;

    for fact in
        select * from (values
            ('resident', 'resident_id', array['resident_id']),
            ('contact', 'resident_id', array['resident_id', 'contact_no']),
            ('enrolment', 'resident_id', array['resident_id', 'scheme', 'enrolled_on']),
            ('levy', 'obligor_id', array['levy_id']),
            ('plan', 'obligor_id', array['plan_id']),
            ('hold', 'resident_id', array['hold_id']),
            ('screening_voucher', 'resident_id', array['resident_id', 'fiscal_year']),
            ('screening', 'resident_id', array['resident_id', 'fiscal_year']),
            ('opt_out', 'resident_id', array['opt_out_id']),
            ('inquiry', 'resident_id', array['inquiry_id'])
        ) as f (of_table, id_column, key)
    loop
        known_as := format('coalesce(a.resident_id, f.%I)', fact.id_column);
        select
            string_agg(quote_ident(attname), ', ' order by attnum),
            string_agg(case when attname = fact.id_column then known_as else 'f.' || quote_ident(attname) end,
                ', ' order by attnum),
            string_agg(case when attname = fact.id_column then known_as else 'f.' || quote_ident(attname) end,
                ', ' order by attnum) filter (where attname = any(fact.key)),
            string_agg(format('c.%1$I = m.%1$I', attname), ' and ') filter (where attname = any(fact.key))
        into columns, moved_columns, moved_key, same_key
        from pg_attribute
        where
            attrelid = format('records.%I', fact.of_table)::regclass and attnum > 0 and not attisdropped
            and attgenerated = '' and attname not in ('recorded_at', 'superseded_at');
        execute format('create temporary table moved as select %s, true as is_alias from records.%I limit 0',
            columns, fact.of_table);
        -- The resident's own facts take part: a later one stays as it is.
        execute format('insert into pg_temp.moved (%s, is_alias)
            select distinct on (%s) %s, a.alias_id is not null
            from records.%I as f left join records.alias as a on f.%I = a.alias_id
            where f.superseded_at = ''infinity''
            and (a.alias_id is not null or f.%5$I in (select resident_id from records.alias))
            order by %2$s, coalesce((to_jsonb(f) ->> ''is_protected'')::boolean, false) desc, f.recorded_at desc, a.alias_id desc nulls last',
            columns, moved_key, moved_columns, fact.of_table, fact.id_column);
        delete from pg_temp.moved where not is_alias;
        execute format('update records.%I as f set superseded_at = $1 from records.alias as a
            where f.%I = a.alias_id and f.superseded_at = ''infinity''', fact.of_table, fact.id_column) using now;
        execute format('update records.%I as c set superseded_at = $1 from pg_temp.moved as m
            where %s and c.superseded_at = ''infinity''', fact.of_table, same_key) using now;
        execute format('insert into records.%1$I (%2$s, recorded_at) select %2$s, $1 from pg_temp.moved',
            fact.of_table, columns) using now;
        drop table pg_temp.moved;
    end loop;
end;
$$;
