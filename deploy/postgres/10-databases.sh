#!/bin/bash
# Run once by the PostgreSQL image, on an empty volume: Airflow's own database and the warehouse.
# The warehouse's owner may make roles, since its migrations make those of the stages and the readers.
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
