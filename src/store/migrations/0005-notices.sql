-- Notices: what people are told by mail and by webhook; see the decision record 0025.

-- When somebody has to be warned next that the token will end; null: not any more.
ALTER TABLE api_token ADD COLUMN warn_at INTEGER;

-- The first stage after the birth of those that live already; which one is told is seen when it is queued.
UPDATE api_token SET warn_at = CASE
    WHEN expires_at - 14 * 86400 > created_at THEN expires_at - 14 * 86400
    WHEN expires_at - 7 * 86400 > created_at THEN expires_at - 7 * 86400
    WHEN expires_at - 86400 > created_at THEN expires_at - 86400
  END
  WHERE ended_at IS NULL AND replaced_by IS NULL AND expires_at IS NOT NULL;

-- For the round: the tokens whose time has come, however many live.
CREATE INDEX api_token_warning ON api_token (warn_at) WHERE warn_at IS NOT NULL;

-- Where notices go, as the last start had it configured.
CREATE TABLE notice_channel (
  channel TEXT PRIMARY KEY CHECK (channel IN ('mail', 'webhook')),
  open INTEGER NOT NULL CHECK (open IN (0, 1)),
  -- Notices for which there was no room, over all times.
  dropped INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Those that wait for their delivery. A row goes when it was delivered or given up.
CREATE TABLE notice (
  -- A hash of what it tells and of its recipient, by which a receiver knows one that comes twice.
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  channel TEXT NOT NULL REFERENCES notice_channel (channel),
  kind TEXT NOT NULL,
  -- A JSON object.
  told TEXT NOT NULL,
  -- Who answers for whom it is about; nobody may take all the room.
  reader BLOB NOT NULL CHECK (length(reader) = 16),
  -- The address of a mail; null: the channel has one recipient.
  recipient TEXT,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX notice_by_reader ON notice (reader);

-- For the round: the notices of a channel whose time has come.
CREATE INDEX notice_due ON notice (channel, due_at);
