-- API tokens: what scripts and services hold. A row is the token's worth at our own doors; of an opaque one only a hash of
-- its secret is stored, of a JWT nothing.
CREATE TABLE api_token (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  subject BLOB NOT NULL REFERENCES subject (id),
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- Null: it has no end. A rotation brings it nearer.
  expires_at INTEGER,
  -- What a JWT says itself of its end, which nothing changes; null: opaque.
  signed_until INTEGER,
  ended_at INTEGER,
  born INTEGER NOT NULL,
  epoch BLOB NOT NULL CHECK (length(epoch) = 16),
  -- Names separated by one space; null: what its owner may do with what is the owner's own, as of now.
  scopes TEXT,
  -- Separated by one space; null: this instance.
  audiences TEXT,
  -- Address ranges separated by one space; null: from anywhere.
  networks TEXT,
  -- SHA-256 of the secret of an opaque token; null: a JWT.
  secret BLOB CHECK (length(secret) = 32),
  -- The token that it was made with; null: by somebody who was signed in.
  made_by BLOB,
  -- The token that took its place; it may be gone by now.
  replaced_by BLOB,
  last_used_at INTEGER,
  last_used_from TEXT,
  -- What is checked offline has an end.
  CHECK (expires_at IS NOT NULL OR secret IS NOT NULL),
  CHECK ((signed_until IS NULL) = (secret IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- For a subject's own list and the cap. Ids begin with their time, so this is also the order of birth.
CREATE INDEX api_token_live ON api_token (subject, id) WHERE ended_at IS NULL;

-- What a key signs: tokens of sessions, or API tokens. No key signs both.
ALTER TABLE signing_key ADD COLUMN purpose TEXT NOT NULL DEFAULT 'access' CHECK (purpose IN ('access', 'api'));
