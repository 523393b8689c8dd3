-- Requests that an API token may make in a minute; null: as many as the operator allows each.
ALTER TABLE api_token ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute > 0);

-- Seconds that an API token of this organisation may live at most; null: as the operator has set it.
ALTER TABLE organisation ADD COLUMN longest_api_token INTEGER CHECK (longest_api_token > 0);

-- What may be signed for a login: anything that is good, or only a challenge of this server.
ALTER TABLE organisation ADD COLUMN signed_login TEXT NOT NULL DEFAULT 'any' CHECK (signed_login IN ('any', 'challenge'));

-- Whether the token in its place was made with it: then whoever had the one may have the other.
ALTER TABLE api_token ADD COLUMN rotated_itself INTEGER NOT NULL DEFAULT 0 CHECK (rotated_itself IN (0, 1));
