/**
 * What a caller is told of its limit: draft-ietf-httpapi-ratelimit-headers-10, sections 3 (RateLimit-Policy) and 4
 * (RateLimit). `q` requests in a window of `w` seconds; `r` are left, and in `t` seconds there is one more, which is what
 * Retry-After says where none is left.
 */
import type { Quota } from "../core/allowance.ts";

export const rateLimitHeaders = ({ perMinute, left, more }: Quota): Readonly<Record<string, string>> => ({
  "ratelimit-policy": `"token";q=${perMinute};w=60`,
  ratelimit: `"token";r=${left};t=${more}`,
});
