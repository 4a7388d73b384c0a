-- Functions in WHERE that would be run on rows before row security has spoken. Titles of tenant A begin with "A ", those of B do not.

-- name: division_error
-- number: 8
-- context: read
-- expect: equals 3
-- guard: no_policies
select count(*) from dossiers.dossier where 1 / (case when title like 'A %' then 1 else 0 end) = 1;

-- name: cast_error
-- The message of a failing cast holds the value.
-- number: 8
-- context: read
-- expect: equals 3
-- guard: no_policies
select count(*) from dossiers.dossier where case when title like 'A %' then true else title::integer > 0 end;

-- name: cast_to_a_regclass
-- number: 8
-- context: read
-- expect: equals 3
-- guard: no_policies
select count(*) from dossiers.dossier where case when title like 'A %' then true else title::regclass is not null end;

-- name: regular_expression_error
-- number: 8
-- context: read
-- expect: equals 3
-- guard: no_policies
select count(*) from dossiers.dossier where case when title like 'A %' then true else 'x' ~ ('[' || title) end;

-- name: side_effect_of_a_setting
-- A function in WHERE that remembers what it saw remembers one's own rows only.
-- number: 8
-- context: read
-- expect: equals 0
-- guard: no_policies
select count(*) from dossiers.dossier where set_config('seen.titles', coalesce(current_setting('seen.titles', true), '') || title, true) is not null;
select strpos(current_setting('seen.titles'), :'b_common_title');

-- name: leak_without_context
-- number: 8
-- context: none
-- expect: equals 0
-- guard: no_policies
select count(*) from dossiers.dossier where 1 / (case when title = '' then 1 else 0 end) = 1;

-- name: leak_in_an_update
-- number: 8
-- context: write
-- expect: done
-- guard: no_policies
update dossiers.dossier set notes = 'x' where 1 / (case when title like 'A %' then 1 else 0 end) = 1;

-- name: leak_in_a_delete
-- number: 8
-- context: write
-- expect: done
-- guard: no_policies
delete from dossiers.dossier where 1 / (case when title like 'A %' then 1 else 0 end) = 1;

-- name: leak_in_a_join
-- number: 8
-- context: read
-- expect: equals 3
-- guard: no_policies
set local enable_hashjoin = off;
set local enable_mergejoin = off;
select count(*) from (values (1)) v (x) join dossiers.dossier d on v.x / (case when d.title like 'A %' then 1 else 0 end) = 1;

-- name: leak_in_words
-- number: 8
-- context: read
-- expect: equals 0
-- guard: word_policy
select count(*) from dossiers.dossier_term where tenant_id <> :'a_tenant' and 1 / (case when term = 'a' then 1 else 0 end) = 1;

-- name: leak_in_the_trail
-- number: 8
-- context: read
-- expect: equals 0
-- guard: trail_policy
select count(*) from audit.entry where tenant_id <> :'a_tenant' and 1 / (case when action = '' then 1 else 0 end) = 1;

-- name: order_by_a_leak
-- number: 8
-- context: read
-- expect: equals A 1
-- guard: no_policies
select title from dossiers.dossier order by 1 / (case when title like 'A %' then 1 else 0 end), title limit 1;

-- name: sampled_rows
-- number: 8
-- context: read
-- expect: equals 3
-- guard: no_policies
select count(*) from dossiers.dossier tablesample bernoulli (100) where 1 / (case when title like 'A %' then 1 else 0 end) = 1;

-- name: query_in_a_parameter
-- Functions that run SQL text run it as the caller.
-- number: 8
-- context: read
-- expect: equals 0
-- guard: no_policies
select count(*) from ts_stat('select to_tsvector(title) from dossiers.dossier') s where s.word not in ('1', '2', '3', 'a');

-- name: leak_in_a_definer_function
-- number: 8
-- context: read
-- expect: equals 0
-- guard: members_tenant
select count(*) from identity.members(null, null, 200) m where m.email like '%' || :'b_slug' || '%';
