-- 200,000 users, 2,000 teams, 500 members in each.
CREATE TABLE users (id bigint PRIMARY KEY, login varchar(40) NOT NULL, name varchar(80) NOT NULL, email varchar(120) NOT NULL, active boolean NOT NULL);
CREATE TABLE teams (id bigint PRIMARY KEY, name varchar(80) NOT NULL);
CREATE TABLE memberships (team_id bigint NOT NULL, user_id bigint NOT NULL, PRIMARY KEY (team_id, user_id));
INSERT INTO users SELECT seq, CONCAT('user', seq), CONCAT('User ', seq), CONCAT('user', seq, '@acme.example'), seq % 17 <> 0 FROM seq_1_to_200000;
INSERT INTO teams SELECT seq, CONCAT('Team ', seq) FROM seq_1_to_2000;
-- The steps between the members of a team share no factor with the number of users, so that no pair comes twice.
INSERT INTO memberships SELECT t.seq, (t.seq * 97 + m.seq * 397) % 200000 + 1 FROM seq_1_to_2000 AS t, seq_1_to_500 AS m;
ANALYZE TABLE users, teams, memberships;
