/**
 * Turns at the hash: so many at work, so many waiting, and no more. A flood of sign-ins costs memory and processor time
 * that are known beforehand, and who finds no place is told so at once.
 */
import type { Asker } from "../core/asker.ts";

export interface QueueLimits {
  /** Hashes at work at once; each takes one core and up to 64 MiB. */
  readonly concurrent: number;
  /** Sign-ins that may wait for their turn; one more is answered 503. */
  readonly waiting: number;
}

/** How many are at work and waiting now. */
export interface QueueLoad {
  readonly working: number;
  readonly waiting: number;
}

export interface HashQueue {
  readonly load: () => QueueLoad;
  /** Undefined: there is no place to wait, or the caller went away before its turn came. */
  readonly tryInTurn: <T>(work: () => Promise<T>, asker: Asker | undefined) => Promise<T | undefined>;
}

export function hashQueue({ concurrent, waiting }: QueueLimits): HashQueue {
  const places = new Set<() => void>();
  let working = 0;

  /** False: the caller has gone, and its place with it. */
  async function turn(asker?: Asker): Promise<boolean> {
    const signal = asker?.();
    if (signal?.aborted === true) return false;
    if (working < concurrent) {
      working += 1;
      return true;
    }
    return new Promise((resolve) => {
      const leave = (): void => {
        places.delete(place);
        resolve(false);
      };
      const place = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve(true);
      };
      places.add(place);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** The place of whoever is done goes to the one who waits longest. */
  function pass(): void {
    const [next] = places;
    if (next === undefined) {
      working -= 1;
      return;
    }
    places.delete(next);
    next();
  }

  async function take<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      pass();
    }
  }

  return {
    load: () => ({ working, waiting: places.size }),
    tryInTurn: async (work, asker) => {
      if (places.size >= waiting) return undefined;
      return (await turn(asker)) ? take(work) : undefined;
    },
  };
}
