/**
 * What the server knows of its own state: its counters, its heart, and the gate that refuses work under overload. One
 * for a process, whatever the number of its listeners.
 */
import type { Config } from "../config.ts";
import { millis, type Millis, type Seconds } from "../core/units.ts";
import type { Chance, Clock } from "../engine/ports.ts";
import { runtimeHere } from "../http/serve.ts";
import { openGate, type Gate } from "../http/shed.ts";
import type { QueueLoad } from "../identity/hash-queue.ts";
import type { TokenKeys } from "../keys/token-keys.ts";
import type { Pulse } from "../store/group-commit.ts";
import { openHeart, type Heart } from "./heart.ts";
import type { Log } from "./log.ts";
import type { Meters } from "./meters.ts";

export interface VitalsDeps {
  readonly config: Pick<Config, "overload.requests" | "overload.delay">;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly version: string;
  readonly meters: Meters;
  readonly store: { readonly pulse: Pulse; readonly beat: () => Promise<void> };
  readonly keys: Pick<TokenKeys, "census">;
  readonly passwordLoad: () => QueueLoad;
  /** Notices that wait for their delivery; left out where nobody sends any. */
  readonly noticesWaiting?: () => number;
  /** When the first TLS certificate in use expires; left out where there are no listeners. */
  readonly tlsExpiresAt?: () => Seconds | undefined;
}

export interface Vitals {
  readonly meters: Meters;
  readonly heart: Heart;
  readonly gate: Gate;
  /** The document of `/metrics`. */
  readonly metrics: () => string;
}

/** Seconds over which the return of refused clients is spread. */
const spread = 5;

/** An overload that comes and goes is told of this often; milliseconds. */
const tellEvery = 10_000;

export function openVitals(deps: VitalsDeps): Vitals {
  const { config, clock, chance, log, meters, store, keys, passwordLoad } = deps;
  const { pulse, beat } = store;
  const startedAt = clock.millis();
  let toldAt = -Infinity;

  const gate = openGate({
    limits: {
      requests: config["overload.requests"],
      delay: millis(config["overload.delay"] === 0 ? Number.MAX_VALUE : config["overload.delay"] * 1000),
    },
    delay: () => heart.lag(),
    writerDelay: pulse.oldest,
    elsewhere: () => {
      const { working, waiting } = passwordLoad();
      return working + waiting;
    },
    spread: () => chance(1)[0]! % spread,
    onRefused: meters.shed,
    onChange: (refused) => {
      const now = clock.monotonic();
      if (refused.length === 0 || now - toldAt < tellEvery) return;
      toldAt = now;
      log.warn("overloaded: these classes of requests are refused", { event: "overload", classes: refused });
    },
  });
  const heart: Heart = openHeart({
    monotonic: clock.monotonic,
    pulse,
    beatStore: beat,
    hasSigningKey: () => keys.census(clock.now()).states.active > 0,
    flush: log.flush,
    onLag: (late: number, now: Millis) => {
      meters.late(late);
      gate.look(now);
    },
    onStall: (length) => {
      meters.stalled();
      log.warn("nobody was answered for a while: the event loop, or the whole process, stood still", {
        event: "stall",
        ms: Math.round(length),
      });
    },
    onFault: (fault) => log.fault("the heartbeat failed", fault),
  });

  return {
    meters,
    heart,
    gate,
    metrics: () =>
      meters.text({
        version: deps.version,
        runtime: runtimeHere(),
        startedAt,
        now: clock.now,
        memory: () => process.memoryUsage.rss(),
        pulse,
        hashes: passwordLoad,
        atWork: gate.atWork,
        lostLines: log.lost,
        noticesWaiting: deps.noticesWaiting ?? (() => 0),
        census: keys.census,
        tlsExpiresAt: deps.tlsExpiresAt ?? (() => undefined),
      }),
  };
}
