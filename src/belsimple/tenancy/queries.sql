-- name: settings
-- The tenant's own settings.
select id, slug, name, session_idle_minutes, session_absolute_minutes, version from identity.tenant_settings();

-- name: change_settings
-- Changes the tenant's settings; null leaves a field as it is.
select identity.change_tenant_settings(:name, :idle, :absolute, :expected);
