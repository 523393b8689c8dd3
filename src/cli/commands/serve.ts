/** `jeton serve`: runs the server until it is told to stop. */
import { mkdtempSync, rmSync } from "node:fs";
import { isIPv4 } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openLog } from "../../compose/log.ts";
import { NoAdministrator, startServer, type RunningServer } from "../../compose/server.ts";
import type { Config } from "../../config.ts";
import { demoPassword } from "../../engine/demo.ts";
import { exitCode, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { configFromFlags, type ServerFlags } from "../server-flags.ts";

export interface ServeFlags extends ServerFlags {
  readonly demo?: boolean;
}

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "::1" || (isIPv4(hostname) && hostname.startsWith("127."));

/** Throw-away data on loopback only: its password is public. */
function demoConfig(config: Config): { config: Config; forget: () => void } {
  const addresses = [config.listen, config.dialects.sensu.listen].filter((address) => address !== null);
  if (!addresses.every(({ hostname }) => isLoopback(hostname))) {
    throw new UsageError(
      "--demo has accounts with a public password and listens on loopback only. Do: leave --listen out",
    );
  }
  const data = mkdtempSync(join(tmpdir(), "jeton-demo-"));
  return {
    config: { ...config, data, master_key_file: null, "log.format": "text" },
    forget: () => rmSync(data, { recursive: true, force: true }),
  };
}

function whatToTry({ url, dialects }: RunningServer): string {
  const login = `{"username":"bob","password":"${demoPassword}"}`;
  const sensu = dialects.get("sensu");
  return [
    "",
    "  A demonstration: the data is deleted when the server stops.",
    `  People: ada (admin), bob (member), eve (disabled). Password of each: ${demoPassword}`,
    "",
    "  Sign in:",
    `    curl -s ${url}/api/v1/login -H 'content-type: application/json' -d '${login}'`,
    ...(sensu === undefined
      ? []
      : ["  The same, as a Sensu client does it:", `    curl -s -u bob:'${demoPassword}' ${sensu}/auth`]),
    "  The whole API:",
    `    curl -s ${url}/openapi.json`,
    "",
    "",
  ].join("\n");
}

/** Resolves with the first request to stop; the second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        process.once(signal, () => process.exit(exitCode("failed")));
        resolve();
      });
    }
  });
}

export async function serve(flags: ServeFlags, io: Io, version: string): Promise<number> {
  if (flags.demo === true && flags.data !== undefined) {
    throw new UsageError("--demo keeps nothing and takes no --data. Do: leave one of the two out");
  }
  const loaded = configFromFlags(flags).config;
  const { config, forget } = flags.demo === true ? demoConfig(loaded) : { config: loaded, forget: () => undefined };
  const log = openLog({
    level: config["log.level"],
    format: config["log.format"],
    access: config["log.access"],
    write: io.talk,
  });
  const stopping = stopSignal();
  try {
    const server = await startServer({
      config,
      log,
      version,
      demo: flags.demo === true,
      onFatal: (reason) => {
        log.warn("the disk failed; this process ends, and the next start reads what is there", { reason });
        process.exit(exitCode("disk"));
      },
    });
    io.talk(`jeton: ready on ${server.url}\n`);
    if (flags.demo === true) io.talk(whatToTry(server));
    if (!isLoopback(config.listen.hostname)) {
      log.warn(
        "listening beyond this machine without TLS: put a proxy with TLS in front, or tokens travel in the clear",
      );
    }
    await stopping;
    await server.stop();
    return exitCode("done");
  } catch (fault) {
    if (!(fault instanceof NoAdministrator)) throw fault;
    throw new NoAdministrator(
      `${config.data} has no administrator yet. Do: echo PASSWORD | jeton init --data ${config.data} --admin NAME --password-stdin`,
      { cause: fault },
    );
  } finally {
    forget();
  }
}
