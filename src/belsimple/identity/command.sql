-- name: raise_hashing
-- The cost of new passwords, which goes up only; false when it is this already.
select identity.raise_hashing(:memory_kib, :iterations, :actor);
