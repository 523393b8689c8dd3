/** What a command of the client works with: its target, the door of the server, a live token. All of it on demand. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { isDoorName, doorNames } from "../../packages/client/src/door-names.ts";
import type { Door } from "../../packages/client/src/doors/door.ts";
import type { Transport } from "../../packages/client/src/transport.ts";
import type { Keeping } from "../../packages/client/src/keeper.ts";
import type { LockOptions } from "../../packages/client/src/lock.ts";
import { Complaint } from "./complaint.ts";
import type { Environment } from "./environment.ts";
import type { GlobalFlags } from "./global-flags.ts";
import type { Io } from "./io.ts";
import { readProfiles, type ProfileTls } from "./profiles.ts";
import { readProject } from "./project-file.ts";
import { readSpan } from "./span.ts";
import { findTarget, type Target } from "./target.ts";
import { usage } from "./usage.ts";
import type { Voice } from "./voice.ts";

export interface Client {
  readonly io: Io;
  readonly environment: Environment;
  readonly voice: Voice;
  readonly flags: GlobalFlags;
  /** Seconds since 1970-01-01 UTC. */
  readonly now: () => number;
  readonly target: Target;
  /** The target of a sign-in: a profile that does not exist yet is made, `door` is what the user says. */
  readonly targetOfSignIn: (door: string | undefined) => Target;
  /** That of the target of another profile, for commands that go through all of them. */
  readonly targetOf: (profile: string) => Target;
  readonly openDoor: (target: Target) => Promise<Door>;
  /** For what is asked beside a door. */
  readonly openTransport: (to: Speaking) => Promise<Transport>;
  /** The server that a door was opened to, for what goes wrong there. */
  readonly spokenTo: () => string | undefined;
  readonly lock: LockOptions;
  readonly keeping: (target: Target) => Keeping;
  /** Files of TLS that were named by flags, to be remembered with a sign-in. */
  readonly tlsFiles: () => ProfileTls | undefined;
}

/** A server, and what is remembered of the way there. */
export interface Speaking {
  readonly server: string;
  readonly known?: { readonly tls?: ProfileTls; readonly unsafeSkipVerify?: boolean } | undefined;
}

export interface Given {
  readonly io: Io;
  readonly environment: Environment;
  readonly voice: Voice;
  readonly flags: GlobalFlags;
}

function pem(flag: string, value: string): string {
  if (value.startsWith("-----BEGIN")) return value;
  try {
    return readFileSync(value, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Complaint("usage", `the file of --${flag} cannot be read`, { code: "usage", why }, { cause });
  }
}

/** Undefined where it is PEM text, which is not remembered. */
const pathOf = (value: string | undefined): string | undefined =>
  value === undefined || value.startsWith("-----BEGIN") ? undefined : resolve(value);

export function openClient({ io, environment, voice, flags }: Given): Client {
  const timeout = flags.timeout === undefined ? 30 : readSpan("timeout", flags.timeout);
  if (timeout <= 0 || timeout > 3600) throw usage("--timeout must be longer than nothing, and an hour at most");

  const tlsFiles = (): ProfileTls | undefined => {
    const files = {
      ca_certificate: pathOf(flags["tls.ca-certificate"] ?? environment.caCertificate),
      certificate: pathOf(flags["tls.certificate"]),
      key: pathOf(flags["tls.key"]),
    };
    const named = Object.entries(files).filter(([, path]) => path !== undefined);
    return named.length === 0 ? undefined : Object.fromEntries(named);
  };

  let spokenTo: string | undefined;
  const openTransport = async ({ server, known }: Speaking): Promise<Transport> => {
    spokenTo = server;
    const { openTransport: open } = await import("../../packages/client/src/transport.ts");
    const kept = known?.tls;
    const ca = flags["tls.ca-certificate"] ?? environment.caCertificate ?? kept?.ca_certificate;
    const certificate = flags["tls.certificate"] ?? kept?.certificate;
    const key = flags["tls.key"] ?? kept?.key;
    const unsafeSkipVerify = flags["tls.skip-verify"] === true || known?.unsafeSkipVerify === true;
    if (unsafeSkipVerify)
      voice.warn(`Whoever answers is believed to be ${server}, and gets what is sent: your password, your tokens`);
    return open({
      timeout: timeout * 1000,
      tls: {
        ca: ca === undefined ? undefined : pem("tls.ca-certificate", ca),
        certificate: certificate === undefined ? undefined : pem("tls.certificate", certificate),
        key: key === undefined ? undefined : pem("tls.key", key),
        unsafeSkipVerify,
      },
      onAnswer: ({ method, url, answer }) =>
        voice.detail(
          `${method} ${url.origin}${url.pathname}: ${answer.status}${answer.requestId === undefined ? "" : `, request ${answer.requestId}`}`,
        ),
    });
  };
  const openDoor = async (target: Target): Promise<Door> => {
    const [transport, { openDoor: open }] = await Promise.all([
      openTransport(target),
      import("../../packages/client/src/doors.ts"),
    ]);
    return open(target.door, { server: target.server, transport });
  };

  const lock: LockOptions = { onWaiting: () => voice.note("Another jeton is at work on this sign-in; waiting...") };
  // The clock is read here and handed on; nothing below asks for the time itself.
  const now = (): number => Date.now() / 1000;
  const sources = (): Parameters<typeof findTarget>[0] => ({
    flags,
    environment,
    project: readProject("."),
    profiles: readProfiles(environment.folder),
  });
  let found: Target | undefined;
  return {
    io,
    environment,
    voice,
    flags,
    now,
    lock,
    tlsFiles,
    openDoor,
    openTransport,
    spokenTo: () => spokenTo,
    get target() {
      found ??= findTarget(sources(), { signingIn: false });
      return found;
    },
    targetOfSignIn: (door) => {
      const target = findTarget(sources(), { signingIn: true });
      if (door === undefined) return target;
      if (!isDoorName(door)) throw usage(`--door must be one of ${doorNames.join(", ")}`);
      return { ...target, door };
    },
    targetOf: (profile) => findTarget({ ...sources(), flags: { ...flags, profile } }, { signingIn: false }),
    keeping: (target) => ({ path: target.tokenFile, door: () => openDoor(target), now, lock }),
  };
}
