-- 200,000 users, 2,000 teams, 500 members in each.
CREATE TABLE users (id bigint PRIMARY KEY, login text NOT NULL, name text NOT NULL, email text NOT NULL, active boolean NOT NULL);
CREATE TABLE teams (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE memberships (team_id bigint NOT NULL, user_id bigint NOT NULL, PRIMARY KEY (team_id, user_id));
INSERT INTO users SELECT n, 'user' || n, 'User ' || n, 'user' || n || '@acme.example', n % 17 <> 0 FROM generate_series(1, 200000) AS n;
INSERT INTO teams SELECT n, 'Team ' || n FROM generate_series(1, 2000) AS n;
-- The steps between the members of a team share no factor with the number of users, so that no pair comes twice.
INSERT INTO memberships SELECT t, (t * 97 + m * 397) % 200000 + 1 FROM generate_series(1, 2000) AS t, generate_series(1, 500) AS m;
ANALYZE;
