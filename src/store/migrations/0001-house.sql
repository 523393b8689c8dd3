-- The first schema: who there is, what they hold, and the keys that sign for them.
-- Ids and keys are bytes, times are seconds since 1970 in UTC, and every table is STRICT.

-- One row: what is true of all tokens of this instance at once.
CREATE TABLE instance (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- 16 random bytes, drawn anew by a restore: whatever carries another epoch is dead.
  epoch BLOB NOT NULL CHECK (length(epoch) = 16),
  -- Raised by every revocation. What was born at or below a `revoked_upto` is dead.
  counter INTEGER NOT NULL CHECK (counter > 0),
  -- Milliseconds during which this instance could answer.
  served INTEGER NOT NULL CHECK (served >= 0),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE organisation (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  name TEXT NOT NULL,
  canonical TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
  revoked_upto INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The name of a deleted organisation may be given again.
CREATE UNIQUE INDEX organisation_name ON organisation (canonical) WHERE status <> 'deleted';

-- A person or an application. Ids are never reused; a name may be, and then it is somebody else.
CREATE TABLE subject (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  organisation BLOB NOT NULL REFERENCES organisation (id),
  kind TEXT NOT NULL CHECK (kind IN ('user', 'application')),
  username TEXT NOT NULL,
  canonical TEXT NOT NULL,
  display_name TEXT NOT NULL,
  -- Names of roles, in order, separated by one space.
  roles TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'disabled', 'locked', 'deleted')),
  -- Password hash as a PHC string; null: no sign-in by password.
  password TEXT,
  owner BLOB REFERENCES subject (id),
  revoked_upto INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX subject_name ON subject (organisation, canonical) WHERE status <> 'deleted';

-- For the list of an organisation's people, in the order of their birth.
CREATE INDEX subject_by_organisation ON subject (organisation, id);

-- Verified addresses, each of which signs its subject in.
CREATE TABLE subject_email (
  organisation BLOB NOT NULL REFERENCES organisation (id),
  canonical TEXT NOT NULL,
  address TEXT NOT NULL,
  subject BLOB NOT NULL REFERENCES subject (id),
  verified_at INTEGER NOT NULL,
  PRIMARY KEY (organisation, canonical)
) STRICT, WITHOUT ROWID;

CREATE INDEX subject_email_by_subject ON subject_email (subject);

-- Public keys for signed login: the one of a subject that is good, and those that were, which are not taken again.
CREATE TABLE auth_key (
  id INTEGER PRIMARY KEY,
  subject BLOB NOT NULL REFERENCES subject (id),
  -- SHA-256 of the key in OpenSSH's form, whatever form it came in.
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
  spki BLOB NOT NULL,
  bits INTEGER NOT NULL CHECK (bits BETWEEN 2048 AND 8192),
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;

CREATE UNIQUE INDEX auth_key_good ON auth_key (subject) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX auth_key_once ON auth_key (fingerprint, subject);

-- For the sweep.
CREATE INDEX auth_key_ended ON auth_key (id) WHERE ended_at IS NOT NULL;

-- What was signed and opened a session: each message does so once, for the life of its key or until its own end; see the
-- decision record 0014.
CREATE TABLE spent_signature (
  auth_key INTEGER NOT NULL REFERENCES auth_key (id),
  trace BLOB NOT NULL CHECK (length(trace) = 16),
  until INTEGER,
  PRIMARY KEY (auth_key, trace)
) STRICT, WITHOUT ROWID;

-- For the sweep.
CREATE INDEX spent_signature_past ON spent_signature (until) WHERE until IS NOT NULL;

-- Who asks: a dialect, the native API, later OAuth clients.
CREATE TABLE client (
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
  revoked_upto INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A person at a browser or terminal; the sessions of its clients hang under it.
CREATE TABLE sign_in (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  subject BLOB NOT NULL REFERENCES subject (id),
  born INTEGER NOT NULL,
  epoch BLOB NOT NULL CHECK (length(epoch) = 16),
  auth_time INTEGER NOT NULL,
  amr TEXT NOT NULL,
  ended_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One client's token family. The refresh token is a function of this row; see the decision record 0001.
CREATE TABLE session (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  subject BLOB NOT NULL REFERENCES subject (id),
  client TEXT NOT NULL REFERENCES client (id),
  sign_in BLOB REFERENCES sign_in (id),
  created_at INTEGER NOT NULL,
  seq INTEGER NOT NULL CHECK (seq > 0),
  rotated_at INTEGER NOT NULL,
  rotated_served INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  absolute_end INTEGER NOT NULL CHECK (expires_at <= absolute_end),
  ended_at INTEGER,
  born INTEGER NOT NULL,
  epoch BLOB NOT NULL CHECK (length(epoch) = 16),
  kid INTEGER NOT NULL,
  salt BLOB NOT NULL CHECK (length(salt) = 16),
  access_lifetime INTEGER NOT NULL,
  idle_lifetime INTEGER NOT NULL,
  stable INTEGER NOT NULL CHECK (stable IN (0, 1)),
  retry_window INTEGER NOT NULL,
  auth_time INTEGER NOT NULL,
  amr TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- For a subject's own list and the cap: those that have not ended, however many have. Ids begin with their time, so this
-- is also the order of birth.
CREATE INDEX session_live ON session (subject, id) WHERE ended_at IS NULL;

-- Keys that sign access tokens. A key's state follows from `active_at` and its successor's; see src/keys/keyring.ts.
CREATE TABLE signing_key (
  kid TEXT PRIMARY KEY,
  alg TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  active_at INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys behind the MAC of refresh tokens; the highest number is given to new sessions.
CREATE TABLE refresh_key (
  kid INTEGER PRIMARY KEY,
  created_at INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;

-- Other secrets of the instance, by purpose.
CREATE TABLE instance_secret (
  purpose TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What happened that matters to security, one row an event, written in the transaction of the change it tells of. Each
-- hash covers the row and the hash before it, so that a changed or missing row shows; see the decision record 0009.
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  -- Whose business it is; null: the instance's.
  organisation BLOB,
  -- Who did it; null: the operator, the server itself, or somebody who proved nothing.
  actor BLOB,
  -- Whom it was done to.
  subject BLOB,
  session BLOB,
  client TEXT,
  address TEXT,
  request TEXT,
  -- A JSON object.
  detail TEXT NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX journal_by_organisation ON journal (organisation, seq);

CREATE TRIGGER journal_is_append_only_update BEFORE UPDATE ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER journal_is_append_only_delete BEFORE DELETE ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
