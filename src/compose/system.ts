/** The real clocks and the real chance; the only place that reads them. */
import { randomBytes } from "node:crypto";

import { millis, secondsFromMillis, type Millis } from "../core/units.ts";
import type { Chance, Clock } from "../engine/ports.ts";

const wall = (): Millis => millis(Date.now());

export const systemClock: Clock = {
  now: () => secondsFromMillis(wall()),
  millis: wall,
  monotonic: () => millis(performance.now()),
};

export const systemChance: Chance = (length) => randomBytes(length);
