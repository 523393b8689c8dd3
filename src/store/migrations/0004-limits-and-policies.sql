-- Requests that an API token may make in a minute; null: as many as the operator allows each.
ALTER TABLE api_token ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute > 0);

-- Seconds that an API token of this organisation may live at most; null: as the operator has set it.
ALTER TABLE organisation ADD COLUMN longest_api_token INTEGER CHECK (longest_api_token > 0);

-- What may be signed for a login: anything that is good, or only a challenge of this server.
ALTER TABLE organisation ADD COLUMN signed_login TEXT NOT NULL DEFAULT 'any' CHECK (signed_login IN ('any', 'challenge'));
