#!/bin/sh
# Run once by the database's administrator: for each service a database and its owner, who is no superuser and may
# connect to no other, and the role that services take on. `kith migrate` does the rest.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -c 'create role kith_app nologin nobypassrls'
for service in links attribution rewards analytics; do
  variable="KITH_$(echo "$service" | tr a-z A-Z)_PASSWORD"
  eval "password=\$$variable"
  psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -v owner="kith_${service}_owner" -v database="kith_$service" \
    -v password="$password" <<'SQL'
create role :"owner" login password :'password';
grant kith_app to :"owner" with admin option;
create database :"database" owner :"owner";
revoke connect on database :"database" from public;
SQL
done
