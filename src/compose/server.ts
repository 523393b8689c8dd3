/** A running server: the instance, its doors on their listeners, its heartbeat, and an orderly end. */
import { setTimeout as pause } from "node:timers/promises";

import type { Config } from "../config.ts";
import { dialectNames, type DialectName } from "../core/dialect-names.ts";
import { furnishDemo, hashDemoPassword } from "./demo.ts";
import { furnishGuides } from "./guides.ts";
import { passwords } from "../identity/passwords.ts";
import { millis, type Millis } from "../core/units.ts";
import { problem } from "../http/problem.ts";
import { listen, PortInUse, type Handler, type Listener } from "../http/serve.ts";
import { strictTransport } from "../http/strict-transport.ts";
import type { Doors, DoorsDeps } from "./doors.ts";
import { beatEvery } from "./heart.ts";
import { openInstance, type Instance } from "./instance.ts";
import type { Log } from "./log.ts";
import { openMeters, type Meters } from "./meters.ts";
import { noticeRound, openNotices } from "./notices.ts";
import type { Place, Places } from "./places.ts";
import { systemChance, systemClock } from "./system.ts";
import { lookEvery, openTls, type Tls } from "./tls.ts";
import { openVitals } from "./vitals.ts";

export interface ServerOptions {
  readonly config: Config;
  readonly log: Log;
  readonly version: string;
  readonly places: Places;
  /** Throw-away data with the demonstration's people; `guides`: and with those of the products' guides. */
  readonly demo: "none" | "people" | "guides";
  /** The process must end at once: the disk's state is unknown. */
  readonly onFatal: (reason: string) => void;
}

export interface RunningServer {
  readonly url: string;
  readonly issuer: string;
  /** Where each open dialect is reached: on the listener of its own if it has one, else under its prefix. */
  readonly dialects: ReadonlyMap<string, string>;
  /** Reads the TLS files again, now and not at the next look; what came of it is in the log. */
  readonly reload: () => void;
  /**
   * Says at `/readyz` that no more should come, serves on for the drain's delay, answers what is under way, then closes
   * everything; the WAL is in the database then. Rejects when the store does not let itself be closed in time.
   */
  readonly stop: () => Promise<void>;
}

/** There is nobody yet who could administer this instance. */
export class NoAdministrator extends Error {
  readonly code = "NO_ADMINISTRATOR";
}

/** The system gives no such address: it is another machine's, or its port is for the superuser. */
class AddressUnusable extends Error {
  readonly code = "ADDRESS_UNUSABLE";
}

const houseRound = 300_000;
/** Between two writes of when API tokens were used; milliseconds. */
const usesRound = 5000;
const drainGrace = millis(20_000);
const closeGrace = millis(10_000);

/** The delivery's own limit is smaller; this one is for what never gets that far. */
const hardBodyLimit = 1 << 20;

interface Bound {
  readonly listener: Listener;
  readonly open: (handler: Handler) => void;
}

interface BindDeps {
  readonly log: Log;
  readonly meters: Meters;
  readonly tls: Tls;
}

/** A listener that can be bound before its doors exist: the issuer may depend on the port that it gets. */
async function bind({ address, tls: secured }: Place, { log, meters, tls }: BindDeps): Promise<Bound> {
  let current: Handler = () => problem("temporarily_unavailable", { requestId: "starting" });
  const material = secured === null ? null : tls.material(secured);
  const listener = await listen({
    ...address,
    handler: (request, peer) => current(request, peer),
    onFault: (fault) => log.fault("a request failed outside of its route", fault),
    maxBodyBytes: hardBodyLimit,
    tls:
      material === null
        ? null
        : {
            material,
            onRefused: (reason, peer) => {
              meters.handshakeFailed();
              log.debug("a connection ended before TLS was agreed", { reason, address: peer.address });
            },
          },
  }).catch((cause: unknown) => {
    if (cause instanceof PortInUse) throw cause;
    throw new AddressUnusable(
      `${address.hostname}:${address.port} cannot be listened on: ${cause instanceof Error ? cause.message : String(cause)}. Do: choose another address with --listen`,
      { cause },
    );
  });
  if (secured !== null && listener.renew !== null) tls.follow(secured, listener.renew);
  const isStrict = secured?.strict === true;
  return { listener, open: (handler) => (current = isStrict ? strictTransport(handler) : handler) };
}

/** A disk that does not answer must not keep a process alive that has been told to go. */
async function inTime(work: Promise<void>, grace: Millis): Promise<void> {
  const over = new AbortController();
  const late = pause(grace, undefined, { signal: over.signal }).then(
    () => {
      throw new Error("the store could not be closed in time; what was acknowledged is on the disk");
    },
    // The work was done first.
    () => undefined,
  );
  try {
    await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, demo } = options;
  const hasher = passwords(systemChance);
  const demoHash = demo === "none" ? undefined : hashDemoPassword(hasher);
  const meters = openMeters();
  const opening = openInstance({
    folder: config.data,
    masterKeyFile: config.master_key_file,
    clock: systemClock,
    chance: systemChance,
    onFatal: options.onFatal,
    onGroup: meters.committed,
    writer: "thread",
  });
  // All the routes and their schemas are loaded while the writer's thread starts on a core of its own.
  const loading = import("./doors.ts");
  const instance = await opening;
  try {
    const { openDoors } = await loading;
    if (demoHash !== undefined) {
      const world = { store: instance.store, clock: systemClock, chance: systemChance };
      await furnishDemo(world, demoHash);
      if (demo === "guides") await furnishGuides({ ...world, passwords: hasher });
    }
    if (!(await instance.store.hasAdministrator())) throw new NoAdministrator("this instance has no administrator");
    return await openHouse(options, openDoors, instance, hasher, meters);
  } catch (fault) {
    await instance.close();
    throw fault;
  }
}

async function openHouse(
  { config, places, log, demo, version }: ServerOptions,
  openDoors: (deps: DoorsDeps) => Promise<Doors>,
  instance: Instance,
  hasher: ReturnType<typeof passwords>,
  meters: Meters,
): Promise<RunningServer> {
  const scanner = config["leaks.github_keys"];
  const alertKeys = scanner === null ? undefined : (await import("../keys/alert-keys.ts")).readAlertKeys(scanner);
  const bound: Bound[] = [];
  const tls = openTls({ log, now: systemClock.now });
  const binding = { log, meters, tls };
  try {
    const main = await bind(places.main, binding);
    bound.push(main);
    const issuer = config.issuer ?? main.listener.url;
    const open = new Map<DialectName, { listener: string | undefined }>();
    const own = new Map<DialectName, Bound>();
    for (const name of dialectNames) {
      if (demo === "none" && !config.dialects[name].open) continue;
      const place = places.dialects.get(name);
      const listener = place === undefined ? undefined : await bind(place, binding);
      if (listener !== undefined) {
        bound.push(listener);
        own.set(name, listener);
      }
      open.set(name, { listener: listener?.listener.url });
    }

    const notices = await openNotices({
      config,
      store: instance.store,
      clock: systemClock,
      chance: systemChance,
      log,
      meter: meters,
      issuer,
    });
    const vitals = openVitals({
      config,
      clock: systemClock,
      chance: systemChance,
      log,
      version,
      meters,
      store: instance.store,
      keys: instance.keys,
      passwordLoad: hasher.load,
      noticesWaiting: notices.waiting,
      tlsExpiresAt: tls.expiresAt,
    });
    const { heart } = vitals;
    const doors = await openDoors({
      config,
      store: instance.store,
      keys: instance.keys,
      passwords: hasher,
      clock: systemClock,
      chance: systemChance,
      log,
      version,
      issuer,
      open,
      vitals,
      alertKeys,
    });
    for (const [name, listener] of own) listener.open(doors.dialect(name));
    main.open(doors.main);

    const keepHouse = async (): Promise<void> => {
      try {
        await doors.engine.keepHouse();
      } catch (fault) {
        log.fault("housekeeping failed; it is tried again in five minutes", fault);
      }
    };
    const writeTokenUses = (): Promise<void> =>
      doors.engine.writeTokenUses().catch((fault: unknown) => {
        log.fault("the last uses of API tokens could not be written; they are kept for the next time", fault);
      });
    const sendNotices = (): Promise<void> =>
      notices.round().catch((fault: unknown) => {
        log.fault("a round of notices failed; the next one goes on", fault);
      });
    const timers = [
      setInterval(() => void sendNotices(), noticeRound),
      setInterval(() => void writeTokenUses(), usesRound),
      setInterval(heart.beat, beatEvery),
      setInterval(() => void keepHouse(), houseRound),
      setInterval(tls.look, lookEvery).unref(),
    ];
    heart.opened();
    void keepHouse();
    void sendNotices();

    const end = async (): Promise<void> => {
      heart.draining();
      await pause(config["drain.delay"] * 1000);
      await Promise.all(bound.map(({ listener }) => listener.stop(drainGrace)));
      for (const timer of timers) clearInterval(timer);
      await inTime(
        Promise.all([writeTokenUses(), notices.stop()]).then(() => instance.close()),
        closeGrace,
      );
      log.flush();
    };
    let ended: Promise<void> | undefined;
    const stop = (): Promise<void> => (ended ??= end());
    return {
      url: main.listener.url,
      issuer,
      dialects: new Map(
        [...open.keys()].map((name) => [name, own.get(name)?.listener.url ?? `${main.listener.url}/${name}`]),
      ),
      reload: tls.reload,
      stop,
    };
  } catch (fault) {
    await Promise.all(bound.map(({ listener }) => listener.stop(millis(0))));
    throw fault;
  }
}
