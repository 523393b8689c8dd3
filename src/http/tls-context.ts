/**
 * What TLS is spoken here: RFC 9325, with nothing that is kept for old clients only. Both runtimes speak it through
 * node:tls, so that one list holds for both.
 */
import { constants } from "node:crypto";
import type { SecureContextOptions, TlsOptions } from "node:tls";

import type { TlsMaterial } from "../core/tls-material.ts";
import type { Millis } from "../core/units.ts";

/** Forward secrecy and authenticated encryption, in TLS 1.3 and 1.2. RFC 9325 section 4.2. */
const suites = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** What can be changed while a listener is at work. */
export function contextOf({ certificate, key, clientAuthority }: TlsMaterial): SecureContextOptions {
  return {
    cert: certificate,
    key: key.reveal(),
    minVersion: "TLSv1.2",
    ciphers: suites,
    // A resumed session shows no certificate (RFC 8446 section 2.2): one that has expired since would go on counting.
    ...(clientAuthority === null ? {} : { ca: clientAuthority, secureOptions: constants.SSL_OP_NO_TICKET }),
  };
}

/** What a listener keeps for its life. */
export function serverOptions(material: TlsMaterial, handshakeTimeout: Millis): TlsOptions {
  const isVerifying = material.clientAuthority !== null;
  return {
    ...contextOf(material),
    handshakeTimeout,
    // RFC 7301: a client that speaks HTTP/2 only is told so in the handshake.
    ALPNProtocols: ["http/1.1"],
    requestCert: isVerifying,
    rejectUnauthorized: isVerifying,
  };
}
