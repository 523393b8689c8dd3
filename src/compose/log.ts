/**
 * The server's log, on standard error: JSON lines, or short text for people. Access lines are written in bunches, since
 * a write for each request would cost more than the request; warnings go out at once. No line has a token, a password,
 * a query string or a body.
 */
import type { AccessLogEntry } from "../http/app.ts";

const levels = ["debug", "info", "warn", "error"] as const;
type Level = (typeof levels)[number];

export interface LogOptions {
  readonly level: Level;
  readonly format: "json" | "text";
  readonly access: boolean;
  readonly write: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  readonly access: (entry: AccessLogEntry) => void;
  readonly debug: (message: string, fields?: Fields) => void;
  readonly info: (message: string, fields?: Fields) => void;
  readonly warn: (message: string, fields?: Fields) => void;
  readonly fault: (message: string, fault: unknown, fields?: Fields) => void;
  readonly flush: () => void;
  /** Lines that could not be written, since the start. */
  readonly lost: () => number;
}

/** So many access lines may wait for the next flush; they are worded then, one after the other, which is quicker. */
const bunch = 32;

interface Access {
  readonly entry: AccessLogEntry;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export function openLog({ level, format, access, write, now }: LogOptions): Log {
  const worded = format === "json" ? jsonLine : textLine;
  const said = (of: Level, message: string): Line => ({ level: of, time: timeText(now()), msg: message });
  let waiting: Access[] = [];
  let lost = 0;
  let everLost = 0;
  /** A log that cannot be written must not undo what was done: its lines are counted as lost, and that is told later. */
  const put = (last?: Line): void => {
    const taken = waiting;
    const count = taken.length + (last === undefined ? 0 : 1);
    if (count === 0) return;
    waiting = [];
    try {
      const told: readonly Line[] = lost === 0 ? [] : [{ ...said("warn", "log lines were lost"), lost }];
      const lines = [...told, ...taken.map(accessLine), ...(last === undefined ? [] : [last])];
      write(lines.map(worded).join(""));
      lost = 0;
    } catch {
      lost += count;
      everLost += count;
    }
  };
  const flush = (): void => put();
  const isOn = (of: Level): boolean => levels.indexOf(of) >= levels.indexOf(level);
  const say = (of: Level, message: string, fields: Fields): void => {
    if (!isOn(of)) return;
    put({ ...said(of, message), ...fields });
  };

  const accessOn = access && isOn("info");
  return {
    access: (entry) => {
      if (accessOn && waiting.push({ entry, at: now() }) >= bunch) flush();
    },
    debug: (message, fields = {}) => say("debug", message, fields),
    info: (message, fields = {}) => say("info", message, fields),
    warn: (message, fields = {}) => say("warn", message, fields),
    fault: (message, fault, fields = {}) => say("error", message, { ...fields, ...describe(fault) }),
    flush,
    lost: () => everLost,
  };
}

/** A fault for the operator: its name, message, stack and cause; not its other members, which may hold what came in. */
function describe(fault: unknown): Fields {
  if (!(fault instanceof Error)) return { fault: typeof fault };
  const { name, message, stack, cause } = fault;
  return { fault: name, reason: message, stack, ...(cause === undefined ? {} : { cause: describe(cause) }) };
}

interface Line extends Fields {
  readonly level: Level;
  readonly time: string;
  readonly msg: string;
}

/** Milliseconds since 1970, as RFC 3339 writes them. */
const timeText = (at: number): string => new Date(at).toISOString();

const accessLine = ({ entry: { requestId, method, route, status, address, milliseconds }, at }: Access): Line => ({
  level: "info",
  time: timeText(at),
  msg: "request",
  request_id: requestId,
  method,
  route,
  status,
  address,
  ms: Math.round(milliseconds * 100) / 100,
});

/** JSON.stringify escapes every line break, so a line of the log is a line. */
const jsonLine = (fields: Line): string => `${JSON.stringify(fields)}\n`;

/** `12:00:01 POST /api/v1/login 200 21.3 ms` */
function textLine({ time, level, msg, method, route, status, ms, request_id, ...rest }: Line): string {
  const clock = time.slice(11, 19);
  if (msg === "request")
    return `${clock} ${String(method)} ${String(route ?? "(no such path)")} ${String(status)} ${String(ms)} ms\n`;
  const more = Object.keys(rest).length === 0 ? "" : ` ${JSON.stringify(rest)}`;
  return `${clock} ${level}: ${msg}${request_id === undefined ? "" : ` (request ${String(request_id)})`}${more}\n`;
}
