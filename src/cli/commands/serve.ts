/** `jeton serve`: runs the server until it is told to stop. */
import { isIPv4 } from "node:net";

import { openLog, type Log } from "../../compose/log.ts";
import { configuredPlaces } from "../../compose/places.ts";
import { systemClock } from "../../compose/system.ts";
import { NoAdministrator, startServer } from "../../compose/server.ts";
import type { Config, LoadedConfig } from "../../config.ts";
import { exitCode, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { configFromFlags, type ServerFlags } from "../server-flags.ts";

export interface ServeFlags extends ServerFlags {
  readonly demo?: boolean;
  readonly guides?: boolean;
}

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "::1" || (isIPv4(hostname) && hostname.startsWith("127."));

/** Whether no listener, that of a dialect included, can be reached from another machine. */
const staysHere = ({ listen, dialects }: Config): boolean =>
  [listen, ...Object.values(dialects).map((dialect) => dialect.listen)].every(
    (address) => address === null || isLoopback(address.hostname),
  );

/** What would make a demonstration something else, refused before anything is made for it. */
function checkDemo(flags: ServeFlags, { config }: LoadedConfig): void {
  if (flags.demo !== true) {
    if (flags.guides === true) {
      throw new UsageError("--guides has accounts with public passwords, as a demonstration. Do: --demo --guides");
    }
    return;
  }
  if (flags.data !== undefined) {
    throw new UsageError("--demo keeps nothing and takes no --data. Do: leave one of the two out");
  }
  if (!staysHere(config)) {
    throw new UsageError(
      "--demo has accounts with a public password and listens on loopback only. Do: leave --listen out",
    );
  }
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

/** SIGHUP, which would end the process if nobody cared: it means that files are to be read again. */
function onHangUp(log: Log): { does: () => void } {
  const action = { does: () => log.info("told to read the TLS files again, and they are being read for the start") };
  process.on("SIGHUP", () => action.does());
  return action;
}

export async function serve(flags: ServeFlags, io: Io, version: string): Promise<number> {
  const loaded = configFromFlags(flags);
  checkDemo(flags, loaded);
  const demo = flags.demo === true ? await import("./serve/demonstration.ts") : undefined;
  const shown = await demo?.demonstration(loaded, flags.guides === true);
  const { config } = shown ?? loaded;
  const log = openLog({
    level: config["log.level"],
    format: config["log.format"],
    access: config["log.access"],
    write: io.talk,
    now: systemClock.millis,
  });
  const stopping = stopSignal();
  const hangUp = onHangUp(log);
  // A fault that nobody caught leaves a state that nobody knows; Bun alone would go on with it.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (fault: unknown) => {
      log.fault("failed unexpectedly; this process ends", fault);
      process.exit(exitCode("failed"));
    });
  }
  try {
    const server = await startServer({
      ...(shown ?? { config, places: configuredPlaces(config), demo: "none" }),
      log,
      version,
      onFatal: (reason) => {
        log.warn("the disk failed; this process ends, and the next start reads what is there", { reason });
        process.exit(exitCode("disk"));
      },
    });
    hangUp.does = server.reload;
    for (const [name, url] of server.dialects) io.talk(`jeton: ${name} on ${url}\n`);
    io.talk(`jeton: ready on ${server.url}\n`);
    if (demo !== undefined && shown !== undefined) io.talk(demo.whatToTry(server, shown.authority));
    if (!staysHere(config) && config["tls.certificate"] === null) {
      log.warn(
        "listening beyond this machine without TLS: set tls.certificate and tls.key, or put a proxy with TLS in front, or tokens travel in the clear",
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
