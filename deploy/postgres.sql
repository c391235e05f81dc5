-- A database for each service: none reads another's.
CREATE DATABASE policy;
CREATE DATABASE training;
CREATE DATABASE monitoring;
CREATE DATABASE gateway;
