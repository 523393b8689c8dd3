-- Requests that an API token may make in a minute; null: as many as the operator allows each.
ALTER TABLE api_token ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute > 0);
