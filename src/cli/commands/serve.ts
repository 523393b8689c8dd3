/** `jeton serve`: runs the server until it is told to stop. */
import { mkdtempSync, rmSync } from "node:fs";
import { isIPv4 } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openLog } from "../../compose/log.ts";
import { systemClock } from "../../compose/system.ts";
import { NoAdministrator, startServer, type RunningServer } from "../../compose/server.ts";
import type { Config, LoadedConfig } from "../../config.ts";
import { demoPassword } from "../../compose/demo.ts";
import { exitCode, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { configFromFlags, type ServerFlags } from "../server-flags.ts";

export interface ServeFlags extends ServerFlags {
  readonly demo?: boolean;
}

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "::1" || (isIPv4(hostname) && hostname.startsWith("127."));

/** Whether no listener, that of a dialect included, can be reached from another machine. */
const staysHere = ({ listen, dialects }: Config): boolean =>
  [listen, ...Object.values(dialects).map((dialect) => dialect.listen)].every(
    (address) => address === null || isLoopback(address.hostname),
  );

/** Throw-away data on loopback only: its password is public. */
function demoConfig({ config, settings }: LoadedConfig): Config {
  if (!staysHere(config)) {
    throw new UsageError(
      "--demo has accounts with a public password and listens on loopback only. Do: leave --listen out",
    );
  }
  const data = mkdtempSync(join(tmpdir(), "jeton-demo-"));
  // Also when the process is told twice to stop, or ends because the disk failed.
  process.once("exit", () => rmSync(data, { recursive: true, force: true }));
  const saidSo = settings.some(({ name, origin }) => name === "log.format" && origin !== "default");
  return { ...config, data, master_key_file: null, "log.format": saidSo ? config["log.format"] : "text" };
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
    let isStopping = false;
    const stop = (): void => {
      if (isStopping) process.exit(exitCode("failed"));
      isStopping = true;
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}

export async function serve(flags: ServeFlags, io: Io, version: string): Promise<number> {
  if (flags.demo === true && flags.data !== undefined) {
    throw new UsageError("--demo keeps nothing and takes no --data. Do: leave one of the two out");
  }
  const loaded = configFromFlags(flags);
  const config = flags.demo === true ? demoConfig(loaded) : loaded.config;
  const log = openLog({
    level: config["log.level"],
    format: config["log.format"],
    access: config["log.access"],
    write: io.talk,
    now: systemClock.millis,
  });
  const stopping = stopSignal();
  // A fault that nobody caught leaves a state that nobody knows; Bun alone would go on with it.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (fault: unknown) => {
      log.fault("failed unexpectedly; this process ends", fault);
      process.exit(exitCode("failed"));
    });
  }
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
    for (const [name, url] of server.dialects) io.talk(`jeton: ${name} on ${url}\n`);
    io.talk(`jeton: ready on ${server.url}\n`);
    if (flags.demo === true) io.talk(whatToTry(server));
    if (!staysHere(config)) {
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
  }
}
