#!/bin/bash
# The PostgreSQL image runs this once, on an empty volume. It creates Airflow's database and the
# warehouse. The owner of the warehouse may create roles, because the migrations create the roles of the
# stages and of the readers.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username postgres --dbname postgres \
    --set airflow_password="$AIRFLOW_DB_PASSWORD" \
    --set warehouse_password="$WAREHOUSE_DB_PASSWORD" <<'SQL'
create role airflow login password :'airflow_password';
create database airflow owner airflow;
create role warehouse_owner login createrole password :'warehouse_password';
create database warehouse owner warehouse_owner;
revoke all on database airflow from public;
revoke all on database warehouse from public;
SQL
