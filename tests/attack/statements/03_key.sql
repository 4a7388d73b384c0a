-- The stamp's key, and the functions that make stamps.

-- name: read_the_key
-- number: 3
-- context: none
-- expect: 42501
-- guard: key_grants
select * from context.key;

-- name: replace_the_key
-- number: 3
-- context: write
-- expect: 42501
-- guard: key_grants
update context.key set ipad = opad;

-- name: call_sign
-- number: 3
-- context: write
-- expect: 42501
-- guard: key_functions
select context.sign('anything');

-- name: call_stamp
-- number: 3
-- context: write
-- expect: 42501
-- guard: key_functions
select context.stamp(:'b_tenant', null, null, 'dossiers:read', 'session');

-- name: call_verified
-- number: 3
-- context: write
-- expect: 42501
-- guard: key_functions
select context.verified();

-- name: call_binding
-- number: 3
-- context: write
-- expect: 42501
-- guard: key_functions
select context.binding();

-- name: replace_verified
-- number: 3
-- context: write
-- expect: 42501
-- guard: schema_create
create or replace function context.tenant_of_mine() returns uuid language sql as 'select null::uuid';

-- name: open_a_session
-- number: 3
-- context: write
-- expect: 42501
-- guard: key_functions
select identity.open_session(:'b_tenant', :'b_account', sha256('x'), '192.0.2.1', 'x');

-- name: sign_in_is_the_gates
-- number: 3
-- context: write
-- expect: 42501
-- guard: gate_functions
select * from identity.sign_in('a', 'b', 'c', sha256('d'), '192.0.2.1', 'e');

-- name: salts_are_the_gates
-- number: 3
-- context: write
-- expect: 42501
-- guard: gate_functions
select * from identity.password_parameters('a', 'b', '192.0.2.1');

-- name: gate_reads_no_verifier
-- An injection in gate can neither dump the verifiers nor open a session with what it reads.
-- number: 3
-- role: gate
-- context: raw
-- expect: 42501
-- guard: gate_tables
select verifier from identity.password;

-- name: gate_opens_no_session
-- number: 3
-- role: gate
-- context: raw
-- expect: 42501
-- guard: key_functions
select identity.open_session(:'b_tenant', :'b_account', sha256('x'), '192.0.2.1', 'x');

-- name: gate_signs_in_with_no_proof
-- number: 3
-- role: gate
-- context: raw
-- expect: empty
-- guard: sign_in_proof
begin;
select * from identity.sign_in(:'b_slug', :'b_email', null, sha256('x'), '192.0.2.1', 'x');

-- name: gate_signs_in_with_the_salt
-- number: 3
-- role: gate
-- context: raw
-- expect: empty
-- guard: sign_in_proof
begin;
select * from identity.sign_in(:'b_slug', :'b_email', (select salt from identity.password_parameters(:'b_slug', :'b_email', '192.0.2.1')), sha256('x'), '192.0.2.1', 'x');

-- name: gate_reads_no_dossier
-- number: 3
-- role: gate
-- context: raw
-- expect: 42501
-- guard: gate_tables
select * from dossiers.dossier;

-- name: operator_reads_no_dossier
-- number: 3
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_tables
select * from dossiers.dossier;

-- name: operator_enters_no_tenant
-- number: 3
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_tables
select * from context.enter(:'a_token');
