/**
 * A table of buckets that strangers fill: bounded, and forgetting what matters least when it is full. A name that is
 * forgotten has its free failures again. To have one forgotten on purpose takes as many other buckets as the table
 * holds, each of them worth more, and so each paid for with as many failures as it.
 */
import { lockedWorth } from "../core/throttle.ts";
import type { Millis } from "../core/units.ts";

export interface BucketTable<Bucket> {
  readonly get: (key: string) => Bucket | undefined;
  readonly set: (key: string, bucket: Bucket, at: Millis) => void;
  readonly delete: (key: string) => void;
  readonly size: () => number;
}

/** `worth`: what is lost with a bucket; from `lockedWorth` on it is in lock-out. */
export function bucketTable<Bucket>(most: number, worth: (bucket: Bucket, at: Millis) => number): BucketTable<Bucket> {
  const buckets = new Map<string, Bucket>();

  /**
   * Room for many at once, since looking at all of them costs milliseconds. What is in lock-out goes only where
   * everything is.
   */
  function makeRoom(at: Millis): void {
    const worths = Float64Array.from(buckets.values(), (bucket) => worth(bucket, at)).toSorted();
    const unlocked = worths.findIndex((value) => value >= lockedWorth);
    const candidates = unlocked > 0 ? unlocked : worths.length;
    let room = Math.min(Math.ceil(most / 16), candidates);
    const limit = worths[room - 1]!;
    for (const [key, bucket] of buckets) {
      if (worth(bucket, at) > limit) continue;
      buckets.delete(key);
      room -= 1;
      if (room === 0) return;
    }
  }

  return {
    get: (key) => buckets.get(key),
    set: (key, bucket, at) => {
      if (buckets.size >= most && !buckets.has(key)) makeRoom(at);
      buckets.set(key, bucket);
    },
    delete: (key) => {
      buckets.delete(key);
    },
    size: () => buckets.size,
  };
}
