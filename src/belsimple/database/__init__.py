"""PostgreSQL: query files, the pool, the tenant transaction, migrations and the catalogue check."""
