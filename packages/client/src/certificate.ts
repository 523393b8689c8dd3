/** Looks at the certificate of a server that was not trusted, to say whose it is. Nothing is sent to the server. */
import { connect, type PeerCertificate } from "node:tls";

import type { SeenCertificate } from "./faults.ts";
import { plainText } from "./plain-text.ts";

const named = (name: PeerCertificate["subject"] | undefined): string =>
  plainText(
    Object.entries(name ?? {})
      .map(([part, value]) => `${part}=${String(value)}`)
      .join(", "),
  );

/** Undefined where there is none to be seen within `timeout` milliseconds. */
export function lookAtCertificate(url: URL, timeout: number): Promise<SeenCertificate | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 443 : Number(url.port);
  return new Promise((resolve) => {
    // Whom it belongs to is the question, so that it is not trusted is no reason to stop.
    const socket = connect({
      host,
      port,
      servername: /[a-z]/i.test(host) && !host.includes(":") ? host : "",
      rejectUnauthorized: false,
    });
    const finish = (seen: SeenCertificate | undefined): void => {
      socket.destroy();
      resolve(seen);
    };
    socket.setTimeout(timeout, () => finish(undefined));
    socket.once("error", () => finish(undefined));
    socket.once("secureConnect", () => {
      const { subject, issuer, valid_from: from, valid_to: to } = socket.getPeerCertificate();
      const seen = {
        subject: named(subject),
        issuer: named(issuer),
        validFrom: plainText(from),
        validTo: plainText(to),
      };
      finish(seen.subject === "" && seen.issuer === "" ? undefined : seen);
    });
  });
}
