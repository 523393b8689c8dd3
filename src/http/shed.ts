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
  /** How late an answer would be by what is known now. */
  readonly delay: (now: Millis) => number;
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

export function openGate({ limits, delay, elsewhere, spread, onRefused, onChange }: GateOptions): Gate {
  let atWork = 0;
  let state: Refusing = { steps: 0, since: 0 as Millis };

  const look = (now: Millis): void => {
    const next = refusing(state, strain(delay(now), atWork - elsewhere(), limits), steps, now);
    if (next === state) return;
    state = next;
    onChange(shedOrder.slice(shedOrder.length - next.steps));
  };

  return {
    admits: (shed, now) => {
      look(now);
      if (state.steps === 0 || shedOrder.indexOf(shed) < shedOrder.length - state.steps) return true;
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
