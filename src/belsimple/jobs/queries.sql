-- name: finish
-- The end of a job, in the transaction of its work.
select jobs.finish(:job_id);

-- name: sweep
-- Removes rows past their time; returns how many of each.
select jobs.sweep()::text;
