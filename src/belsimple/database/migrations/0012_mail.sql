-- Mail: a transactional outbox. A mail exists if and only if the change that it tells of does; the worker sends it afterwards.

-- Jobs of the platform's own, in the caller's transaction. They have no ticket: they enter no tenant.
create function jobs.defer(p_task text, p_queue text, p_args jsonb, p_at timestamptz default null) returns bigint language plpgsql as $$
begin
    if p_task !~ '^belsimple[.][a-z_]+$' then
        raise exception 'a platform job needs a name like belsimple.task' using errcode = '22023';
    end if;
    return (jobs.procrastinate_defer_jobs_v1(array[row(p_queue, p_task, 0, null, null, p_args, p_at)::jobs.procrastinate_job_to_defer_v1]))[1];
end $$;

create schema mail;
create table mail.message (
    id           uuid primary key default tenancy.new_id(),
    tenant_id    uuid references identity.tenant on delete cascade,     -- null: to somebody of the operator's
    account_id   uuid,
    kind         text not null check (kind ~ '^[a-z_]{1,40}$'),
    recipient    text not null check (char_length(recipient) <= 254),
    language     text not null check (language in ('en', 'nl', 'fr', 'de')),
    facts        jsonb not null,                                        -- what the letter says; emptied once it is sent
    link         text,
    subject_id   uuid,
    state        text not null default 'waiting' check (state in ('waiting', 'sent', 'dead')),
    attempts     integer not null default 0,
    error        text check (error ~ '^[A-Za-z0-9_.: -]{1,100}$'),      -- a code and a class: no address, nothing that a relay says
    created_at   timestamptz not null default now(),
    first_at     timestamptz,                                           -- the first attempt, which its end is counted from
    next_at      timestamptz not null default now(),
    opened_at    timestamptz,                                           -- while an attempt is in hand
    finished_at  timestamptz,
    check ((link is null) = (subject_id is null)),
    check ((state = 'waiting') = (finished_at is null))
);
create index message_tenant on mail.message (tenant_id);
create index message_waiting on mail.message (next_at) where state = 'waiting';
create index message_finished on mail.message (finished_at) where state <> 'waiting';

-- What a link's token opens. Tokens themselves are nowhere: the worker makes one when it sends, and keeps none. Several may lead
-- to one subject (a second attempt, a command's printed link); the subject's own row says whether it is used up or too old.
create table mail.link (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    purpose    text not null check (purpose in ('invitation', 'password_reset', 'email_change', 'operator_invitation', 'operator_reset')),
    tenant_id  uuid references identity.tenant on delete cascade,
    subject_id uuid not null,
    created_at timestamptz not null default now()
);
create index link_tenant on mail.link (tenant_id);
create index link_created_at on mail.link (created_at);

do $$ declare t regclass; begin
    foreach t in array array['mail.message', 'mail.link']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;

-- In the caller's own transaction, from the owner's functions and triggers only: no login role can write a letter.
create function mail.post(p_kind text, p_tenant uuid, p_account uuid, p_recipient text, p_language text, p_facts jsonb default '{}', p_link text default null, p_subject uuid default null)
returns uuid language plpgsql as $$
declare message uuid := tenancy.new_id();
begin
    if p_recipient like '%.invalid' then return null; end if;            -- RFC 2606: nobody is there; probes' people are
    insert into mail.message (id, tenant_id, account_id, kind, recipient, language, facts, link, subject_id)
    values (message, p_tenant, p_account, p_kind, p_recipient, coalesce(p_language, 'en'), coalesce(p_facts, '{}'), p_link, p_subject);
    perform jobs.defer('belsimple.mail', 'mail', pg_catalog.jsonb_build_object('id', message));
    return message;
end $$;

-- A link that a command prints instead of mailing it.
create function mail.add_link(p_purpose text, p_tenant uuid, p_subject uuid, p_token_hash bytea) returns void language sql as $$
    insert into mail.link (token_hash, purpose, tenant_id, subject_id) values (p_token_hash, p_purpose, p_tenant, p_subject)
$$;

-- How long sending is tried: a reset's link is over after an hour, and nobody waits for anything else longer than a day.
create function mail.patience(p_link text) returns interval language sql immutable as $$
    select case when p_link in ('password_reset', 'operator_reset') then interval '1 hour' else interval '24 hours' end
$$;

-- The end of a mail, in the trail it belongs to: its kind, never what it says or to whom.
create function mail.finish(p_id uuid, p_state text, p_error text) returns void language plpgsql as $$
declare m mail.message;
begin
    if coalesce(pg_catalog.current_setting('context.stamp', true), '') <> '' then
        raise exception 'already entered' using errcode = '25001';       -- a stamp of the caller's would be lost
    end if;
    update mail.message x set state = p_state, error = p_error, facts = case p_state when 'sent' then '{}' else x.facts end, opened_at = null, finished_at = now()
     where x.id = p_id and x.state = 'waiting' returning x.* into m;
    if not found then return; end if;
    if m.tenant_id is null then
        perform audit.record_system('worker', case p_state when 'sent' then 'mail_sent' else 'mail_given_up' end, pg_catalog.jsonb_build_object('message', m.id, 'kind', m.kind));
    else
        perform context.stamp(m.tenant_id, null, null, '', 'mail');
        perform audit.record(case p_state when 'sent' then 'mail_sent' else 'mail_given_up' end, 'mail.message', m.id, pg_catalog.jsonb_build_object('kind', m.kind));
        perform pg_catalog.set_config('context.stamp', '', true);
    end if;
end $$;

-- Who stands under every letter. (The operator's profile is made two migrations on, before the first call.)
create function mail.signature() returns text language plpgsql stable as $$
begin
    return (select nullif(pg_catalog.concat_ws(' · ', nullif(p.legal_name, ''), nullif(p.address, ''), nullif(p.enterprise_number, '')), '') from operators.profile p);
end $$;

-- The worker takes a mail in hand. No row: there is nothing to do any more. Until the attempt is told of, nobody else gets it for a
-- minute (BS409): two jobs send it once. A suspended tenant's mail waits (BS503).
create function mail.open(p_id uuid, p_token_hash bytea)
returns table (kind text, recipient text, language text, facts text, link text, tenant text, person text, zone text, signature text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare m mail.message;
begin
    select x.* into m from mail.message x where x.id = p_id and x.state = 'waiting' for no key update;
    if not found then return; end if;
    if exists (select from identity.tenant t where t.id = m.tenant_id and t.status <> 'active') then
        raise exception 'The tenant is suspended.' using errcode = 'BS503';
    end if;
    -- Between, not later than: a clock that stepped back must not hold a mail for as long as it stepped.
    if m.opened_at between clock_timestamp() - interval '1 minute' and clock_timestamp() then
        raise exception 'The mail is in hand.' using errcode = 'BS409';
    end if;
    if m.link is not null and m.created_at < now() - interval '7 days' then
        perform mail.finish(p_id, 'dead', 'too old');                       -- its link would lead nowhere
        return;
    end if;
    update mail.message x set opened_at = clock_timestamp(), first_at = coalesce(x.first_at, now()) where x.id = p_id;
    if m.link is not null then
        perform mail.add_link(m.link, m.tenant_id, m.subject_id, p_token_hash);
    end if;
    return query select m.kind, m.recipient, m.language, m.facts::text, m.link, t.name, a.name, a.zone, mail.signature()
    from (select) one left join identity.tenant t on t.id = m.tenant_id left join identity.account a on a.tenant_id = m.tenant_id and a.id = m.account_id;
end $$;

create function mail.sent(p_id uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform mail.finish(p_id, 'sent', null);
end $$;

-- An attempt that failed: again after 15 s, 30 s, ... an hour, or never when the relay says so or the patience is over.
create function mail.failed(p_id uuid, p_error text, p_last boolean) returns text language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare m mail.message;
begin
    update mail.message x set attempts = x.attempts + 1, error = p_error, opened_at = null,
           next_at = now() + least(interval '15 seconds' * power(2, least(x.attempts, 20)), interval '1 hour')
     where x.id = p_id and x.state = 'waiting' returning x.* into m;
    if not found then return null; end if;
    if p_last or m.next_at > m.first_at + mail.patience(m.link) then
        perform mail.finish(p_id, 'dead', p_error);
        return 'dead';
    end if;
    perform jobs.defer('belsimple.mail', 'mail', jsonb_build_object('id', p_id), m.next_at);
    return 'waiting';
end $$;

-- What the operator sees of mails: to whom only as far as it helps to find the fault, and nothing of what they say.
create function mail.masked(p_recipient text) returns text language sql immutable as $$
    select pg_catalog."left"(p_recipient, 1) || '...@' || pg_catalog.split_part(p_recipient, '@', -1)
$$;
create function mail.messages(p_state text, p_before uuid, p_limit integer)
returns table (id uuid, tenant text, kind text, recipient text, language text, state text, attempts integer, error text, created_at timestamptz, next_at timestamptz, finished_at timestamptz)
language sql stable as $$
    select m.id, t.slug, m.kind, mail.masked(m.recipient), m.language, m.state, m.attempts, m.error, m.created_at, case m.state when 'waiting' then m.next_at end, m.finished_at
    from mail.message m left join identity.tenant t on t.id = m.tenant_id
    where (p_state is null or m.state = p_state) and (p_before is null or m.id < p_before) order by m.id desc limit p_limit
$$;
-- The operator tries a dead mail again, from the beginning.
create function mail.retry(p_id uuid, p_actor text) returns void language plpgsql as $$
declare m mail.message;
begin
    select x.* into m from mail.message x where x.id = p_id for no key update;
    if not found then raise exception 'There is no such mail.' using errcode = 'BS404'; end if;
    if m.state <> 'dead' then raise exception 'Only a mail that was given up can be tried again.' using errcode = 'BS409', hint = 'mail-not-dead'; end if;
    if m.link is not null and m.created_at < pg_catalog.now() - interval '7 days' then
        raise exception 'The link in this mail is over. Let it be asked for anew.' using errcode = 'BS409', hint = 'mail-too-old';
    end if;
    update mail.message x set state = 'waiting', attempts = 0, error = null, first_at = null, next_at = pg_catalog.now(), finished_at = null where x.id = p_id;
    perform jobs.defer('belsimple.mail', 'mail', pg_catalog.jsonb_build_object('id', p_id));
    perform audit.record_system(p_actor, 'mail_retried', pg_catalog.jsonb_build_object('message', p_id, 'kind', m.kind));
end $$;

-- By the clock: what is over goes after 30 days; a mail that lost its job (an older worker did not know it) gets another.
create function mail.tidy() returns jsonb language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    m       record;
    removed integer;
    links   integer;
    lost    integer := 0;
begin
    delete from mail.message x where x.finished_at < now() - interval '30 days';
    get diagnostics removed = row_count;
    delete from mail.link x where x.created_at < now() - interval '30 days';
    get diagnostics links = row_count;
    delete from jobs.procrastinate_jobs j where j.queue_name = 'mail' and j.status = 'failed';   -- the mail's own row says how it stands
    for m in select x.id from mail.message x where x.state = 'waiting' and x.next_at < now() - interval '5 minutes'
              and not exists (select from jobs.procrastinate_jobs j where j.queue_name = 'mail' and j.status in ('todo', 'doing') and j.args ->> 'id' = x.id::text)
              for no key update skip locked loop
        update mail.message x set next_at = now() where x.id = m.id;
        perform jobs.defer('belsimple.mail', 'mail', jsonb_build_object('id', m.id));
        lost := lost + 1;
    end loop;
    return jsonb_build_object('messages', removed, 'links', links, 'lost', lost);
end $$;

grant usage on schema mail to :"worker";
grant execute on function mail.open(uuid, bytea), mail.sent(uuid), mail.failed(uuid, text, boolean), mail.tidy() to :"worker";
