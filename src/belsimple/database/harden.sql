-- What lets one backend see or touch another. Only a superuser can revoke these: on a managed service each line would be a silent
-- warning, so it is run in the owned profile only, and doctor asks has_function_privilege either way.
do $$ declare f regprocedure; begin
    for f in select oid::regprocedure from pg_proc where pronamespace = 'pg_catalog'::regnamespace and prokind = 'f' and proname ~
        '^(lo_|loread|lowrite|pg_(try_)?advisory_|pg_stat_get_|pg_cancel_backend|pg_terminate_backend|pg_notify|pg_listening_channels|pg_prepared_statement|pg_prepared_xact|pg_cursor|pg_lock_status|pg_blocking_pids|pg_safe_snapshot_blocking_pids|pg_export_snapshot|pg_logical_emit_message|pg_(total_)?relation_size|pg_table_size|pg_indexes_size|pg_database_size|pg_sequence_last_value|pg_current_xact_id|txid_current|pg_sleep|query_to_xml|pg_log_backend|pg_notification_queue|pg_get_wait_events|pg_backend_memory)'
    loop
        execute format('revoke execute on function %s from public', f);
    end loop;
end $$;
revoke usage on language plpgsql from public;
grant usage on language plpgsql to :"owner";
grant execute on function pg_prepared_statement(), pg_cursor(), pg_listening_channels(), pg_current_xact_id(), pg_current_xact_id_if_assigned(), pg_notify(text, text), pg_advisory_unlock_all() to :"owner";
-- The queue wakes its worker by a notification, and takes its lock for schedules.
grant execute on function pg_notify(text, text) to :"worker";
revoke select on pg_largeobject_metadata from public;
