#!/bin/sh
# Sets the passwords of the server's own logins to those in .env: of the superuser, Airflow, the warehouse's owner
# and Superset. The service `passwords` runs this script at each start, through the server's socket, so that no
# earlier password is needed, and the server never has another one than the services. The service `init` sets the
# passwords of all other logins. psql reads the passwords from the environment, because arguments can be seen in the
# list of processes.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
set log_statement = 'none';
set log_min_duration_statement = -1;
set log_min_error_statement = 'panic';
\set superset ''
\getenv superuser POSTGRES_PASSWORD
\getenv airflow AIRFLOW_DB_PASSWORD
\getenv owner WAREHOUSE_DB_PASSWORD
\getenv superset SUPERSET_DB_PASSWORD
select :'superset' <> '' as has_superset \gset

\if :has_superset
-- Superset's own data. Its login reads nothing of the warehouse.
select 'create role superset login'
where not exists (select from pg_catalog.pg_roles where rolname = 'superset') \gexec
select 'create database superset owner superset'
where not exists (select from pg_catalog.pg_database where datname = 'superset') \gexec
revoke all on database superset from public;
\endif

begin;
alter role postgres password :'superuser';
alter role airflow password :'airflow';
alter role warehouse_owner password :'owner';
\if :has_superset
alter role superset password :'superset';
\endif
commit;
SQL
