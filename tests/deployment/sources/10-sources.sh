#!/bin/bash
# Creates the source databases as their administrators would: an owner, and a login that reads.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --quiet --username postgres --dbname postgres \
    --set password="$SOURCES_PASSWORD" <<'SQL'
create role source_owner login password :'password';
create role rms_extract login password :'password';
create role intelligence_extract login password :'password';
create database rms owner source_owner;
create database intelligence owner source_owner;
SQL
