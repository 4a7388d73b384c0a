-- name: figures
-- Counts and ages for whoever watches the service.
select name, label, value from system.figures();
