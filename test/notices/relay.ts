/** A mail relay on loopback, made of the independent `smtp-server`: it keeps what it takes, and refuses as it is told. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

import type { Pair } from "../tls/certificates.ts";

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface RelayOptions {
  /** Offers STARTTLS with this certificate, and takes nothing without it. */
  readonly tls?: Pair;
  readonly login?: { readonly user: string; readonly password: string };
  /** What it says to a recipient; 0: yes. */
  readonly answerTo?: (recipient: string) => number;
}

export interface Relay extends AsyncDisposable {
  readonly port: number;
  readonly mails: readonly Mail[];
}

const refusal = (responseCode: number): Error => Object.assign(new Error("refused by the test"), { responseCode });

export async function relay({ tls, login, answerTo = () => 0 }: RelayOptions = {}): Promise<Relay> {
  const mails: Mail[] = [];
  const options: SMTPServerOptions = {
    logger: false,
    authOptional: login === undefined,
    ...(tls === undefined ? { disabledCommands: ["STARTTLS"] } : { cert: tls.certificate, key: tls.key }),
    onAuth: ({ username, password }, _session, done) => {
      if (username === login?.user && password === login?.password) done(null, { user: username });
      else done(refusal(535));
    },
    onRcptTo: ({ address }, session, done) => {
      const code = tls !== undefined && !session.secure ? 530 : answerTo(address);
      done(code === 0 ? null : refusal(code));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString("utf8"),
          secure: session.secure,
          user: session.user as string | undefined,
        });
        done();
      });
    },
  };
  const server = new SMTPServer(options);
  // A client that goes away in the middle is what some tests are about.
  server.on("error", () => undefined);
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A header of a mail, unfolded; undefined where there is none. */
export const headerOf = ({ raw }: Mail, name: string): string | undefined =>
  new RegExp(`^${name}: ((?:.*\r\n[ \t])*.*)\r\n`, "im")
    .exec(raw.split("\r\n\r\n")[0] + "\r\n")?.[1]
    ?.replaceAll(/\r\n[ \t]/g, " ");
