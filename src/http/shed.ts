/**
 * Load shedding: under overload, requests are refused by their class, the last of `shedOrder` first, before anything of
 * them is read, authenticated or decided (RFC 9110 section 15.6.4). So a refusal costs nearly nothing, changes nothing,
 * and the same request may be sent again. What verifiers need is never refused.
 */
import { refusing, strain, type OverloadLimits, type Refusing } from "../core/overload.ts";
import type { Millis } from "../core/units.ts";
import { shedOrder, type ShedClass } from "./route.ts";

export interface Gate {
  /** Whether a request of this class is let in at `now`. */
  readonly admits: (shed: ShedClass, now: Millis) => boolean;
  /** A request goes to work: all of it has arrived. One that dawdles uses nothing up, and is the time-outs' business. */
  readonly begin: () => void;
  readonly end: () => void;
  /** Seconds until a refused client may ask again; not the same for all of them. */
  readonly retryAfter: () => number;
  /** Requests at work. */
  readonly atWork: () => number;
  /** Looks at the load also when nobody comes. */
  readonly look: (now: Millis) => void;
}

export interface GateOptions {
  readonly limits: OverloadLimits;
  /** How late an answer would be for want of the processor, by what is known now. */
  readonly delay: (now: Millis) => number;
  /** How late the answer to who writes would be for want of the disk. */
  readonly writerDelay: (now: Millis) => number;
  /** Requests at work that only wait in a queue with a limit of its own. */
  readonly elsewhere: () => number;
  /** Whole seconds by which the clients' return is spread. */
  readonly spread: () => number;
  readonly onRefused: (shed: ShedClass) => void;
  /** The classes that are refused from now on. */
  readonly onChange: (refused: readonly ShedClass[]) => void;
}

/** `verify` is no step. */
const steps = shedOrder.length - 1;

/** What a slow disk may refuse: introspection reads, and reads do not wait for the writer. */
const writingSteps = shedOrder.length - 2;

const calm: Refusing = { steps: 0, since: 0 as Millis };

export function openGate({ limits, delay, writerDelay, elsewhere, spread, onRefused, onChange }: GateOptions): Gate {
  let atWork = 0;
  let processor = calm;
  let disk = calm;
  let refused = 0;

  const look = (now: Millis): void => {
    processor = refusing(processor, strain(delay(now), atWork - elsewhere(), limits), steps, now);
    disk = refusing(disk, strain(writerDelay(now), 0, limits), writingSteps, now);
    const next = Math.max(processor.steps, disk.steps);
    if (next === refused) return;
    refused = next;
    onChange(shedOrder.slice(shedOrder.length - next));
  };

  return {
    admits: (shed, now) => {
      look(now);
      if (refused === 0 || shedOrder.indexOf(shed) < shedOrder.length - refused) return true;
      onRefused(shed);
      return false;
    },
    begin: () => {
      atWork += 1;
    },
    end: () => {
      atWork -= 1;
    },
    retryAfter: () => 1 + spread(),
    atWork: () => atWork,
    look,
  };
}
