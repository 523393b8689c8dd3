/**
 * Strict-Transport-Security (RFC 6797): a browser that was here once comes back by TLS only. Sent where TLS is ours; a
 * proxy that has the TLS speaks for itself, and over plain HTTP the header must not be sent (section 7.2).
 */
import type { Handler } from "./serve.ts";

/** A year. Neighbours under the same domain are not ours to speak for, so they are not included. */
const value = "max-age=31536000";

export const strictTransport =
  (handler: Handler): Handler =>
  async (request, peer) => {
    const answer = await handler(request, peer);
    answer.headers.set("strict-transport-security", value);
    return answer;
  };
