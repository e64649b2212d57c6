-- Run once by the database's administrator: one database per service, an owner that is no superuser, and the role
-- that services take on. `kith migrate` does the rest.
create role kith_app nologin nobypassrls;
create role kith login password 'change-me';
grant kith_app to kith with admin option;
create database kith_links owner kith;
create database kith_attribution owner kith;
create database kith_rewards owner kith;
create database kith_analytics owner kith;
