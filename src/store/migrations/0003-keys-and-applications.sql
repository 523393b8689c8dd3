-- Several authentication keys of a subject, of several types; client secrets; and applications by their owner.

-- Public keys for signed login: those that are good, and those that were, which are not taken again.
CREATE TABLE auth_key_new (
  id INTEGER PRIMARY KEY,
  -- What it is called outside; the short number is for what was signed with it.
  public_id BLOB NOT NULL CHECK (length(public_id) = 16),
  subject BLOB NOT NULL REFERENCES subject (id),
  name TEXT NOT NULL,
  -- SHA-256 of the key in OpenSSH's form, whatever form it came in.
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
  spki BLOB NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('RSA', 'P-256', 'Ed25519')),
  bits INTEGER NOT NULL CHECK (bits BETWEEN 256 AND 8192),
  created_at INTEGER NOT NULL,
  -- Null: it has no end.
  expires_at INTEGER,
  ended_at INTEGER,
  -- Messages of its client's own choice that have opened sessions; each is remembered for the life of the key.
  messages INTEGER NOT NULL DEFAULT 0 CHECK (messages >= 0),
  -- Nobody has it any more, and nothing that was signed with it is known.
  forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1)),
  last_used_at INTEGER,
  last_used_from TEXT
) STRICT;

-- Ids of version 7, as new ones have them, by the time of their keys.
INSERT INTO auth_key_new (id, public_id, subject, name, fingerprint, spki, type, bits, created_at, ended_at, messages)
  SELECT k.id,
    unhex(printf('%012x', k.created_at * 1000) || '7' || substr(hex(randomblob(2)), 2) || '8' || substr(hex(randomblob(8)), 2)),
    k.subject, 'key', k.fingerprint, k.spki, 'RSA', k.bits, k.created_at, k.ended_at,
    (SELECT count(*) FROM spent_signature s WHERE s.auth_key = k.id AND s.until IS NULL)
  FROM auth_key k;

CREATE TABLE spent_signature_new (
  auth_key INTEGER NOT NULL REFERENCES auth_key_new (id),
  trace BLOB NOT NULL CHECK (length(trace) = 16),
  until INTEGER,
  PRIMARY KEY (auth_key, trace)
) STRICT, WITHOUT ROWID;

INSERT INTO spent_signature_new SELECT auth_key, trace, until FROM spent_signature;
DROP TABLE spent_signature;
DROP TABLE auth_key;
ALTER TABLE auth_key_new RENAME TO auth_key;
ALTER TABLE spent_signature_new RENAME TO spent_signature;

CREATE INDEX auth_key_good ON auth_key (subject, id) WHERE ended_at IS NULL;
CREATE INDEX auth_key_of ON auth_key (subject);
CREATE UNIQUE INDEX auth_key_once ON auth_key (fingerprint, subject);
CREATE UNIQUE INDEX auth_key_called ON auth_key (public_id);

-- For the sweep.
CREATE INDEX auth_key_ended ON auth_key (id) WHERE ended_at IS NOT NULL AND forgotten = 0;
CREATE INDEX auth_key_ending ON auth_key (expires_at) WHERE ended_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX spent_signature_past ON spent_signature (until) WHERE until IS NOT NULL;

-- The key or secret that opened the session, which ends it with itself; null: a password did.
ALTER TABLE session ADD COLUMN opened_with BLOB CHECK (length(opened_with) = 16);

UPDATE session SET opened_with = (SELECT k.public_id FROM auth_key k
    WHERE k.subject = session.subject AND k.ended_at IS NULL AND k.created_at <= session.created_at)
  WHERE ended_at IS NULL AND instr(' ' || amr || ' ', ' swk ') > 0;

-- Of a key that is gone there is none.
UPDATE session SET ended_at = rotated_at
  WHERE ended_at IS NULL AND opened_with IS NULL AND instr(' ' || amr || ' ', ' swk ') > 0;

-- Who disabled or locked it last; null: the operator, or nobody yet. Its owner alone brings back what its owner disabled.
ALTER TABLE subject ADD COLUMN stopped_by BLOB;

-- What applications sign in with. Of the secret only a hash is stored.
CREATE TABLE client_secret (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  subject BLOB NOT NULL REFERENCES subject (id),
  name TEXT NOT NULL,
  secret BLOB NOT NULL CHECK (length(secret) = 32),
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  ended_at INTEGER,
  last_used_at INTEGER,
  last_used_from TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX client_secret_good ON client_secret (subject, id) WHERE ended_at IS NULL;

-- For the sweep: since when it is over.
CREATE INDEX client_secret_over ON client_secret (coalesce(ended_at, expires_at))
  WHERE coalesce(ended_at, expires_at) IS NOT NULL;

-- The applications of an owner, and those of an organisation itself, in the order of their birth.
CREATE INDEX subject_by_owner ON subject (owner, id) WHERE owner IS NOT NULL AND status <> 'deleted';
CREATE INDEX application_by_organisation ON subject (organisation, id)
  WHERE kind = 'application' AND owner IS NULL AND status <> 'deleted';

-- However many were deleted.
DROP INDEX subject_by_organisation;
CREATE INDEX subject_by_organisation ON subject (organisation, id) WHERE status <> 'deleted';
