#!/bin/bash
# The PostgreSQL image runs this script once, on an empty volume. The script creates Airflow's database and
# the warehouse. The warehouse's owner may create roles, because it creates readers' logins. The service
# `passwords` sets the passwords of both logins, and the service `init` creates the logins of the stages as the
# superuser, so that the owner cannot act as one of them.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
create role airflow login;
create database airflow owner airflow;
create role warehouse_owner login createrole;
create database warehouse owner warehouse_owner;
revoke all on database airflow from public;
revoke all on database warehouse from public;
-- No login of the warehouse needs these two databases.
revoke connect, temporary on database postgres, template1 from public;
grant pg_use_reserved_connections to airflow, warehouse_owner;
SQL

# PostgreSQL lets every login read statistics, sizes and the names of logins. These rights are revoked in the
# warehouse's database. The file generates the statements, in the first of its columns. The others are blank.
psql --set ON_ERROR_STOP=1 --username postgres --dbname warehouse --tuples-only --no-align --field-separator '' \
    --command "set search_path = pg_catalog" --quiet --file /hardening/catalogues.sql |
    psql --set ON_ERROR_STOP=1 --username postgres --dbname warehouse --single-transaction --quiet
