/**
 * Notices by mail, over SMTP (RFC 5321) to the operator's relay. One connection and one recipient for each, in plain text,
 * marked as made by a machine (RFC 3834), so that no out-of-office reply comes back.
 */
import { Socket } from "node:net";
import { createTransport } from "nodemailer";

import { mailOf, oneLine } from "../core/notice-text.ts";
import type { Notice } from "../core/notice.ts";
import type { Secret } from "../core/secret.ts";
import type { Millis } from "../core/units.ts";
import type { Courier, Delivery } from "../engine/courier.ts";

export interface MailOptions {
  readonly relay: { readonly hostname: string; readonly port: number };
  /** `starttls` and `implicit` send nothing without TLS. */
  readonly tls: "starttls" | "implicit" | "none";
  /** Authorities of the relay's certificate, in PEM; null: those of the system. */
  readonly authorities: string | null;
  readonly from: string;
  readonly login: { readonly user: string; readonly password: Secret } | null;
  readonly issuer: string;
  /** For one mail, from its connection on. */
  readonly limit: Millis;
}

/** What the library tells of a failure; `command` is where in the exchange it was. */
interface SmtpFault {
  readonly message?: string;
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
  readonly response?: unknown;
}

/** Where what is refused is this mail, and not whoever brings it. */
const aboutTheMail: ReadonlySet<string> = new Set(["RCPT TO", "DATA", "API"]);

/** Before anything was said: what is told of a failure there is the system's, and no relay's. */
const beforeWords: ReadonlySet<string> = new Set(["CONN", "STARTTLS"]);

/** The relay's own words are left out: they may repeat what it was told. */
function reasonOf({ code = "failed", command = "", responseCode = 0, response, message = "" }: SmtpFault): string {
  if (responseCode !== 0) return `SMTP ${responseCode} to ${command}`;
  return beforeWords.has(command) && response === undefined ? `${code}: ${oneLine(message)}` : code;
}

function judge(fault: SmtpFault): Delivery {
  const { code, command = "", responseCode = 0 } = fault;
  const reason = reasonOf(fault);
  // 421 (RFC 5321 section 3.8): the relay goes, whatever it was asked.
  if (!aboutTheMail.has(command) || responseCode === 421) return { kind: "failed", of: "channel", reason };
  const isFinal = responseCode >= 500 || (command === "API" && code === "EENVELOPE");
  return isFinal ? { kind: "refused", reason } : { kind: "failed", of: "notice", reason };
}

/** One address, as `core/canonical.ts` lets it in; anything else could become several recipients. */
const oneAddress = /^[^\s\p{C}<>()[\],;:\\"@]+@[^\s\p{C}<>()[\],;:\\"@]+$/u;

export function mailCourier({ relay, tls, authorities, from, login, issuer, limit }: MailOptions): Courier {
  const domain = from.slice(from.lastIndexOf("@") + 1);

  async function send(notice: Notice, recipient: string, socket: Socket): Promise<void> {
    const { subject, text } = mailOf(notice, issuer);
    const transport = createTransport({
      host: relay.hostname,
      port: relay.port,
      socket,
      secure: tls === "implicit",
      requireTLS: tls === "starttls",
      ignoreTLS: tls === "none",
      tls: { minVersion: "TLSv1.2", ...(authorities === null ? {} : { ca: authorities }) },
      dnsTimeout: limit,
      connectionTimeout: limit,
      greetingTimeout: limit,
      socketTimeout: limit,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(login === null ? {} : { auth: { user: login.user, pass: login.password.reveal() } }),
    });
    await transport.sendMail({
      from: { name: "", address: from },
      to: { name: "", address: recipient },
      envelope: { from, to: [recipient] },
      messageId: `<${notice.id}@${domain}>`,
      subject,
      text,
      headers: { "Auto-Submitted": "auto-generated" },
    });
  }

  return async (notice, signal) => {
    const { recipient } = notice;
    if (recipient === null || !oneAddress.test(recipient)) return { kind: "refused", reason: "not one address" };
    const over = AbortSignal.any([signal, AbortSignal.timeout(limit)]);
    const socket = new Socket();
    let cutOff: (() => void) | undefined;
    // A name may be found after all that, and the socket be connected then.
    socket.on("connect", () => over.aborted && socket.destroy());
    const late = new Promise<Delivery>((resolve) => {
      cutOff = () => {
        const reason = signal.aborted ? "the server stops" : `not taken within ${limit / 1000} s`;
        resolve({ kind: "failed", of: "channel", reason });
      };
      over.addEventListener("abort", cutOff);
      if (over.aborted) cutOff();
    });
    const sent = send(notice, recipient, socket).then(
      (): Delivery => ({ kind: "delivered" }),
      (fault: unknown) => judge(fault as SmtpFault),
    );
    const delivery = await Promise.race([sent, late]);
    over.removeEventListener("abort", cutOff!);
    socket.destroy();
    return delivery;
  };
}
