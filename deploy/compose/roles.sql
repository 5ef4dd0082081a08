-- The two roles and what they may do; PostgreSQL's container runs this once, on an empty volume.
-- Their passwords are those inside the two secret files that the broker's processes read, so that
-- each password stands in one place.
\set ON_ERROR_STOP on
\set owner_url `cat /run/secrets/database_owner_url`
\set application_url `cat /run/secrets/database_url`

-- From "…://role:password@host". A missing one leaves its variable unset, which ends the script.
SELECT substring(:'owner_url' from '//[^:/@]+:([^:/@]+)@') AS owner_password,
       substring(:'application_url' from '//[^:/@]+:([^:/@]+)@') AS application_password \gset

-- The owner makes and changes tables (the service "migrate"); nothing else connects as it.
CREATE ROLE broker_owner LOGIN PASSWORD :'owner_password';
-- The application may neither change tables nor alter audit events: the migrations grant the rest.
CREATE ROLE broker_app LOGIN PASSWORD :'application_password';

ALTER DATABASE broker OWNER TO broker_owner;
REVOKE ALL ON DATABASE broker FROM PUBLIC;
GRANT CONNECT ON DATABASE broker TO broker_app;
