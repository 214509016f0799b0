/*
name:    login/make_login
purpose: The user of services that login/choose_login names: it owns nothing and is a member of our roles. One that is
         there gets the password and the memberships anew, and loses what no service needs.
grain:   no rows
params:
returns: nothing
*/
do $$
declare
    login text := current_setting('oshirase.login');
begin
    if login in (current_user, session_user) then
        raise exception 'services do not sign in as the owner' using errcode = 'invalid_parameter_value';
    end if;
    if not exists (select from pg_roles where rolname = login) then
        execute format('create role %I', login);
    end if;
    execute format('alter role %I login password %L', login, current_setting('oshirase.verifier'));
    if exists (
        select from pg_roles
        where rolname = login and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)
    ) then
        execute format(
            'alter role %I nosuperuser nocreaterole nocreatedb nobypassrls noreplication', login
        );
    end if;
    execute format('grant oshirase_campaign, oshirase_ingest, oshirase_purge to %I', login);
end;
$$;
