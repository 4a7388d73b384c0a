-- psql variables: role, database, password.
create role :"role" login password :'password';
create database :"database";
