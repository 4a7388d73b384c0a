-- name: settings
-- The tenant's own settings.
select id, slug, name, language, session_idle_minutes, session_absolute_minutes, version from identity.settings();

-- name: change_settings
-- Changes the tenant's settings; null leaves a field as it is.
select identity.change_settings(:name, :language, :idle, :absolute, :expected);

-- name: module_settings
-- What the tenant has set of its modules, as JSON.
select name, value from tenancy.settings();

-- name: change_module_setting
-- A setting's new value; null leaves it to the default again.
select tenancy.change_setting(:name, :value::jsonb);
