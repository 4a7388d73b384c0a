-- Password resets and e-mail changes by links in mails, and the tables of invitations. A link's token opens a row of mail.link; the subject's own row
-- here says whether it still holds: one conditional UPDATE uses it up, its expiry in the query. Following a link changes nothing.

alter table identity.tenant add column language text not null default 'en' check (language in ('en', 'nl', 'fr', 'de'));
alter table identity.invitation add column language text not null default 'en' check (language in ('en', 'nl', 'fr', 'de')),
    add column invited_by uuid,                                         -- null: invited by a command
    alter column token_hash drop not null;
create index invitation_email on identity.invitation (tenant_id, email);
-- Links that were printed before this release go on leading somewhere.
select mail.add_link('invitation', i.tenant_id, i.id, i.token_hash) from identity.invitation i where i.accepted_at is null and i.expires_at > now();

-- What a stranger asked for. The asking inserts this row whatever it names; who is meant, if anybody, the worker finds out later.
create table identity.reset_request (
    id         uuid primary key default tenancy.new_id(),
    slug       text not null check (char_length(slug) <= 300),
    email      text not null check (char_length(email) <= 300),
    created_at timestamptz not null default now()
);
create table identity.password_reset (
    tenant_id  uuid not null,
    id         uuid not null default tenancy.new_id(),
    account_id uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);
create index password_reset_account on identity.password_reset (tenant_id, account_id);
-- Two links lead here, one from each mailbox; the change happens when both have said yes.
create table identity.email_change (
    tenant_id        uuid not null,
    id               uuid not null default tenancy.new_id(),
    account_id       uuid not null,
    email            text not null check (email = lower(email) and char_length(email) between 3 and 254 and email like '%_@_%'),
    old_link         uuid not null default tenancy.new_id(),
    new_link         uuid not null default tenancy.new_id(),
    old_confirmed_at timestamptz,
    new_confirmed_at timestamptz,
    created_at       timestamptz not null default now(),
    expires_at       timestamptz not null,
    primary key (tenant_id, id),
    unique (tenant_id, account_id),                                     -- a second change takes the first one's place
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);
do $$ declare t regclass; begin
    foreach t in array array['identity.reset_request', 'identity.password_reset', 'identity.email_change']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;
select audit.watch('identity.password_reset'), audit.watch('identity.email_change');

-- How times stand in a letter's facts: RFC 3339.
create function identity.stated(moment timestamptz) returns text language sql stable as $$
    select pg_catalog.to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;
-- A mail to an account, in its language.
create function identity.tell(p_kind text, p_tenant uuid, p_account uuid, p_facts jsonb default '{}', p_link text default null, p_subject uuid default null) returns void language sql as $$
    select mail.post(p_kind, a.tenant_id, a.id, a.email, a.language, p_facts, p_link, p_subject) from identity.account a where a.tenant_id = p_tenant and a.id = p_account
$$;

-- Every change to how somebody signs in ends what could undo it, and is told to the person. Triggers: no code path can forget it.
create function identity.end_pending(tenant uuid, account uuid) returns void language plpgsql as $$
begin
    delete from identity.password_reset r where r.tenant_id = tenant and r.account_id = account and r.used_at is null;
    delete from identity.email_change c where c.tenant_id = tenant and c.account_id = account;
end $$;
create function identity.password_changed() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform identity.end_pending(new.tenant_id, new.id);
    perform identity.tell('password_changed', new.tenant_id, new.id,
        jsonb_build_object('at', identity.stated(now())));
    return null;
end $$;
create trigger password_changed after update of verifier on identity.password for each row
    when (old.verifier is distinct from new.verifier and old.rehashed_at is not distinct from new.rehashed_at) execute function identity.password_changed();
create function identity.email_changed() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare facts jsonb := jsonb_build_object('old_email', old.email, 'new_email', new.email);
begin
    delete from identity.session s where s.tenant_id = new.tenant_id and s.account_id = new.id;
    perform identity.end_pending(new.tenant_id, new.id);                -- a reset's link lies in the mailbox that is no longer the person's
    perform mail.post('email_changed', new.tenant_id, new.id, recipient, new.language, facts) from unnest(array[old.email, new.email]) recipient;
    return null;
end $$;
create trigger email_changed after update of email on identity.account for each row when (old.email is distinct from new.email) execute function identity.email_changed();
create function identity.status_changed() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if new.status <> 'active' then
        perform identity.end_pending(new.tenant_id, new.id);
        -- Nobody comes in on the word of somebody who is out.
        delete from identity.invitation i where i.tenant_id = new.tenant_id and i.invited_by = new.id and i.accepted_at is null;
    end if;
    perform identity.tell(case new.status when 'active' then 'reactivated' else 'deactivated' end, new.tenant_id, new.id);
    return null;
end $$;
create trigger status_changed after update of status on identity.account for each row when (old.status is distinct from new.status) execute function identity.status_changed();
create function identity.welcome() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform identity.tell('welcome', new.tenant_id, new.id, jsonb_build_object('email', new.email));
    return null;
end $$;
create trigger welcome after insert on identity.account for each row execute function identity.welcome();

-- These go to people who asked for none, and a limit by session begins anew with the next one: at most so many in a day.
create function identity.spare(p_times bigint, p_most integer) returns void language plpgsql as $$
begin
    if p_times >= p_most then
        raise exception 'So many of these mails were sent today already. Try again tomorrow.' using errcode = 'BS429';
    end if;
end $$;

-- Password reset. Asking does the same whatever is asked for: one row, one job.
create function identity.request_reset(p_slug text, p_email text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare request uuid := tenancy.new_id();
begin
    insert into identity.reset_request (id, slug, email) values (request, p_slug, p_email);
    perform jobs.defer('belsimple.reset', 'system', jsonb_build_object('id', request));
end $$;
-- The worker's side: a mail where somebody is meant. Five open links at most, all of them good: a stranger who asks in another's name
-- fills no mailbox, and shuts nobody out.
create function identity.answer_reset(p_id uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    asked identity.reset_request;
    who   record;
    reset uuid := tenancy.new_id();
    until timestamptz := now() + interval '1 hour';
begin
    delete from identity.reset_request q where q.id = p_id returning q.* into asked;
    if not found or asked.created_at < now() - interval '1 hour' then return; end if;
    select a.tenant_id, a.id into who
      from identity.tenant t join identity.account a on a.tenant_id = t.id join identity.password p on p.tenant_id = a.tenant_id and p.id = a.id
     where t.slug = asked.slug and a.email = asked.email and t.status = 'active' and a.status = 'active' for no key update of p;
    if not found or (select count(*) from identity.password_reset r where r.tenant_id = who.tenant_id and r.account_id = who.id and r.used_at is null and r.expires_at > now()) >= 5 then
        return;
    end if;
    perform context.stamp(who.tenant_id, null, null, '', 'reset');      -- nobody knows yet who asked
    insert into identity.password_reset (tenant_id, id, account_id, expires_at) values (who.tenant_id, reset, who.id, until);
    perform identity.tell('password_reset', who.tenant_id, who.id, '{}', 'password_reset', reset);
    perform set_config('context.stamp', '', true);
end $$;
create function identity.reset_open(p_token_hash bytea) returns table (tenant_slug text, email text, name text, language text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.slug, a.email, a.name, a.language
    from mail.link l join identity.password_reset r on r.tenant_id = l.tenant_id and r.id = l.subject_id
    join identity.account a on a.tenant_id = r.tenant_id and a.id = r.account_id join identity.tenant t on t.id = r.tenant_id
    where l.token_hash = p_token_hash and l.purpose = 'password_reset' and r.used_at is null and r.expires_at > now() and t.status = 'active' and a.status = 'active'
$$;
-- Ends every session, every other link and the failures in a row, all by triggers on the verifier. Where it was done is familiar from
-- now on: who proved the mailbox is not held up by the strangers who made the reset necessary.
create function identity.confirm_reset(p_token_hash bytea, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea, p_address inet)
returns table (tenant_slug text, email text) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    link mail.link;
    who  record;
begin
    select l.* into link from mail.link l where l.token_hash = p_token_hash and l.purpose = 'password_reset';
    if not found then return; end if;
    -- The password first, then the account: the order in which a sign-in takes them.
    select p.tenant_id, p.id into who from identity.password_reset r join identity.password p on p.tenant_id = r.tenant_id and p.id = r.account_id
     where r.tenant_id = link.tenant_id and r.id = link.subject_id for no key update of p;
    if not found then return; end if;
    select t.id as tenant, a.id as account, t.slug, a.email into who from identity.tenant t join identity.account a on a.tenant_id = t.id
     where t.id = who.tenant_id and a.id = who.id and t.status = 'active' and a.status = 'active' for share of t, a;
    if not found then return; end if;
    perform context.stamp(who.tenant, who.account, null, '', 'reset');
    update identity.password_reset r set used_at = now() where r.tenant_id = who.tenant and r.id = link.subject_id and r.used_at is null and r.expires_at > now();
    if found then
        update identity.password p set salt = p_salt, memory_kib = p_memory_kib, iterations = p_iterations, lanes = p_lanes, verifier = p_verifier, changed_at = now()
         where p.tenant_id = who.tenant and p.id = who.account;
        insert into identity.familiar_address select who.tenant, who.account, identity.network(p_address), now() where p_address is not null
        on conflict on constraint familiar_address_pkey do update set last_at = now();
        perform audit.record('password_reset', 'identity.account', who.account, jsonb_build_object('address', host(p_address)));
        return query select who.slug, who.email;
    end if;
    perform set_config('context.stamp', '', true);
end $$;

-- A change of address. It answers the same when the address is another member's: the mail to the present address says the truth.
create function identity.request_email_change(p_email text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who   record;
    made  identity.email_change;
    facts jsonb := jsonb_build_object('new_email', p_email);
begin
    select a.tenant_id as tenant, a.id as account, a.email, a.language into who from identity.account a where a.tenant_id = context.tenant(null, true) and a.id = context.account() for no key update;
    if who.email = p_email then
        raise exception 'This is your address already.' using errcode = 'BS422', detail = '/email';
    end if;
    -- Counted at the present address: it gets a mail whether the new one can be had or not.
    perform identity.spare(count(*), 10) from mail.message m
      where m.tenant_id = who.tenant and m.account_id = who.account and m.kind in ('email_change_old', 'email_change_failed') and m.created_at > now() - interval '1 day';
    delete from identity.email_change c where c.tenant_id = who.tenant and c.account_id = who.account;
    insert into identity.email_change (tenant_id, account_id, email, expires_at) values (who.tenant, who.account, p_email, now() + interval '24 hours') returning * into made;
    if exists (select from identity.account a where a.tenant_id = who.tenant and a.email = p_email) then
        perform mail.post('email_change_failed', who.tenant, who.account, who.email, who.language, facts);
    else
        perform mail.post('email_change_old', who.tenant, who.account, who.email, who.language, facts, 'email_change', made.old_link);
        perform mail.post('email_change_new', who.tenant, who.account, p_email, who.language, facts, 'email_change', made.new_link);
    end if;
end $$;
create function identity.own_email_change() returns table (email text, old_confirmed boolean, new_confirmed boolean, expires_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.email, c.old_confirmed_at is not null, c.new_confirmed_at is not null, c.expires_at
    from identity.email_change c where c.tenant_id = context.tenant() and c.account_id = context.account() and c.expires_at > now()
$$;
create function identity.cancel_email_change() returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from identity.email_change c where c.tenant_id = context.tenant(null, true) and c.account_id = context.account() and c.expires_at > now();
    return found;
end $$;
create function identity.email_change_open(p_token_hash bytea) returns table (tenant_slug text, old_email text, new_email text, language text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.slug, a.email, c.email, a.language
    from mail.link l join identity.email_change c on c.tenant_id = l.tenant_id and ((c.old_link = l.subject_id and c.old_confirmed_at is null) or (c.new_link = l.subject_id and c.new_confirmed_at is null))
    join identity.account a on a.tenant_id = c.tenant_id and a.id = c.account_id join identity.tenant t on t.id = c.tenant_id
    where l.token_hash = p_token_hash and l.purpose = 'email_change' and c.expires_at > now() and t.status = 'active' and a.status = 'active'
$$;
-- No row: the link is over. Done: this was the second of the two, and the address is changed; the trigger on it ends every session.
create function identity.confirm_email_change(p_token_hash bytea) returns table (done boolean, tenant_slug text, email text, language text) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    link mail.link;
    who  record;
    kept identity.email_change;
begin
    select l.* into link from mail.link l where l.token_hash = p_token_hash and l.purpose = 'email_change';
    if not found then return; end if;
    -- The account is held first: two confirmations at once come one after the other, and a deactivation before or after both.
    select t.id as tenant, a.id as account, t.slug, a.language into who
      from identity.email_change c join identity.account a on a.tenant_id = c.tenant_id and a.id = c.account_id join identity.tenant t on t.id = c.tenant_id
     where c.tenant_id = link.tenant_id and link.subject_id in (c.old_link, c.new_link) and t.status = 'active' and a.status = 'active' for no key update of a;
    if not found then return; end if;
    perform context.stamp(who.tenant, who.account, null, '', 'email_change');
    update identity.email_change c set old_confirmed_at = case link.subject_id when c.old_link then now() else c.old_confirmed_at end,
           new_confirmed_at = case link.subject_id when c.new_link then now() else c.new_confirmed_at end
     where c.tenant_id = who.tenant and c.account_id = who.account and c.expires_at > now()
       and ((c.old_link = link.subject_id and c.old_confirmed_at is null) or (c.new_link = link.subject_id and c.new_confirmed_at is null))
    returning c.* into kept;
    if found then
        if kept.old_confirmed_at is not null and kept.new_confirmed_at is not null then
            begin
                update identity.account a set email = kept.email, version = a.version + 1 where a.tenant_id = who.tenant and a.id = who.account;
            exception when unique_violation then                          -- somebody else came to have it in the meantime
                delete from identity.email_change c where c.tenant_id = who.tenant and c.id = kept.id;
                perform identity.tell('email_change_failed', who.tenant, who.account, jsonb_build_object('new_email', kept.email));
                perform set_config('context.stamp', '', true);
                return;
            end;
        end if;
        return query select kept.old_confirmed_at is not null and kept.new_confirmed_at is not null, who.slug, kept.email, who.language;
    end if;
    perform set_config('context.stamp', '', true);
end $$;

-- What is over, tenant by tenant, in each tenant's own trail.
create function identity.sweep() returns jsonb language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    t           uuid;
    n           integer;
    resets      integer := 0;
    changes     integer := 0;
    invitations integer := 0;
begin
    delete from identity.reset_request q where q.created_at < now() - interval '1 hour';
    -- A request that lost its job (an older worker did not know it) gets another.
    perform jobs.defer('belsimple.reset', 'system', jsonb_build_object('id', q.id)) from identity.reset_request q
      where q.created_at < now() - interval '2 minutes'
        and not exists (select from jobs.procrastinate_jobs j where j.task_name = 'belsimple.reset' and j.status in ('todo', 'doing') and j.args ->> 'id' = q.id::text);
    for t in select r.tenant_id from identity.password_reset r where r.expires_at <= now() - interval '1 day' union select c.tenant_id from identity.email_change c where c.expires_at <= now()
             union select i.tenant_id from identity.invitation i where i.expires_at <= now() - interval '30 days' loop
        perform context.stamp(t, null, null, '', 'sweep');
        delete from identity.password_reset r where r.tenant_id = t and r.expires_at <= now() - interval '1 day';
        get diagnostics n = row_count;
        resets := resets + n;
        delete from identity.email_change c where c.tenant_id = t and c.expires_at <= now();
        get diagnostics n = row_count;
        changes := changes + n;
        delete from identity.invitation i where i.tenant_id = t and i.expires_at <= now() - interval '30 days';
        get diagnostics n = row_count;
        invitations := invitations + n;
    end loop;
    perform set_config('context.stamp', '', true);
    return jsonb_build_object('resets', resets, 'email_changes', changes, 'invitations', invitations);
end $$;

grant execute on function identity.request_email_change(text), identity.own_email_change(), identity.cancel_email_change() to :"app";
grant execute on function identity.request_reset(text, text), identity.reset_open(bytea), identity.confirm_reset(bytea, bytea, integer, integer, integer, bytea, inet),
    identity.email_change_open(bytea), identity.confirm_email_change(bytea) to :"gate";
grant execute on function identity.answer_reset(uuid), identity.sweep() to :"worker";
