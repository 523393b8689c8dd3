/** The real server with TLS: `bin/jeton serve --demo` with a certificate of a test's own authority. */
import { resolve } from "node:path";

import { scratch, type Scratch } from "../cli/program.ts";
import { until } from "../faults/fleet.ts";
import { run, type Child } from "../runtime/child.ts";
import { onBun } from "../runtime/small-server.ts";
import { put, testAuthority, type Pair, type TestAuthority } from "./certificates.ts";
import { runs } from "./clients.ts";

const launcher = resolve(import.meta.dirname, "../../bin/jeton");

const running = new Set<Child>();
// A test that fails half-way must not leave a server behind.
process.once("exit", () => {
  for (const child of running) child.process.kill("SIGKILL");
});

/** Starts `jeton` with these words and waits for nothing; it says everything, and logs as JSON. */
export function launch(folder: Scratch, words: readonly string[]): Child {
  const child = run(launcher, words, {
    cwd: folder.path(),
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"] ?? folder.path(),
      TMPDIR: folder.path(),
      JETON_RUNTIME: onBun ? "bun" : "node",
      JETON_LOG_LEVEL: "debug",
      JETON_LOG_FORMAT: "json",
    },
  });
  running.add(child);
  const forget = (): unknown => running.delete(child);
  child.ended.then(forget, forget);
  return child;
}

export interface Secured extends AsyncDisposable {
  readonly folder: Scratch;
  readonly authority: TestAuthority;
  readonly url: string;
  readonly port: number;
  readonly child: Child;
  /** Puts this pair in the place of the files that the server uses. */
  readonly renew: (pair: Partial<Pair>) => void;
  /** Waits until the log has it. */
  readonly says: (text: string) => Promise<void>;
  /** Runs curl, which trusts the authority and nobody else, on a path of the server. */
  readonly curl: (path: string, ...words: readonly string[]) => Promise<{ code: number | null; output: string }>;
}

export const tlsFlags = ["--tls.certificate", "server.pem", "--tls.key", "server.key"] as const;

/** A demonstration with TLS, and more flags. It is killed at the end of the block. */
export async function secured(...more: readonly string[]): Promise<Secured> {
  const folder = scratch();
  const authority = await testAuthority();
  const renew = ({ certificate, key }: Partial<Pair>): void => {
    if (key !== undefined) put(folder.path("server.key"), key);
    if (certificate !== undefined) put(folder.path("server.pem"), certificate);
  };
  renew(await authority.certify());
  put(folder.path("ca.pem"), authority.certificate);
  const child = launch(folder, ["serve", "--demo", "--listen", "127.0.0.1:0", ...tlsFlags, ...more]);
  const ready = /^jeton: ready on (https?:\/\/\S+)$/m;
  let isOver = false;
  void child.ended.then(() => (isOver = true));
  await until(() => isOver || ready.test(child.output()), "the server is ready");
  const url = ready.exec(child.output())?.[1];
  if (url === undefined) throw new Error(`the server did not start: ${child.output()}`);
  return {
    folder,
    authority,
    url,
    port: Number(new URL(url).port),
    child,
    renew,
    says: (text) => until(() => child.output().includes(text), text),
    curl: (path, ...words) => runs("curl", ["-sS", "--cacert", folder.path("ca.pem"), ...words, `${url}${path}`]),
    [Symbol.asyncDispose]: async () => {
      child.process.kill("SIGKILL");
      await child.ended;
      folder[Symbol.dispose]();
    },
  };
}
