/** What a listener speaks TLS with, as texts in PEM (RFC 7468). */
import type { Secret } from "./secret.ts";

export interface TlsMaterial {
  /** The server's own certificate, then those between it and the root that clients know. */
  readonly certificate: string;
  readonly key: Secret;
  /** Clients must show a certificate that one of these has signed; null: they are asked for none. */
  readonly clientAuthority: string | null;
}
