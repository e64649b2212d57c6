#!/bin/sh
# Run once by the database's administrator: for each service a database and its owner, who is no superuser and may
# connect to no other, and the role that services take on. `kith migrate` does the rest. For a service that came later:
#
#   docker compose … exec -e SERVICES=connectors postgres sh /docker-entrypoint-initdb.d/kith.sh
set -eu
administrator="${POSTGRES_USER:-postgres}"
psql -v ON_ERROR_STOP=1 -U "$administrator" -d postgres <<'SQL'
select 'create role kith_app nologin nobypassrls' where not exists (select from pg_roles where rolname = 'kith_app') \gexec
SQL
for service in ${SERVICES:-links connectors attribution rewards analytics}; do
  variable="KITH_$(echo "$service" | tr a-z A-Z)_PASSWORD"
  eval "password=\$$variable"
  psql -v ON_ERROR_STOP=1 -U "$administrator" -d postgres -v owner="kith_${service}_owner" -v database="kith_$service" \
    -v password="$password" <<'SQL'
create role :"owner" login password :'password';
grant kith_app to :"owner" with admin option;
create database :"database" owner :"owner";
revoke connect on database :"database" from public;
SQL
done
