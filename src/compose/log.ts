/**
 * The server's log, on standard error: JSON lines, or short text for people. Access lines are written in bunches, since
 * a write for each request would cost more than the request; warnings go out at once. No line has a token, a password,
 * a query string or a body.
 */
import { pino, type DestinationStream, type Logger } from "pino";

import type { AccessLogEntry } from "../http/app.ts";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "json" | "text";
  readonly access: boolean;
  readonly write: (text: string) => void;
}

export interface Log {
  readonly access: (entry: AccessLogEntry) => void;
  readonly info: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly warn: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly fault: (message: string, fault: unknown, fields?: Readonly<Record<string, unknown>>) => void;
  readonly flush: () => void;
}

/** Bytes of access lines that may wait for the next flush. */
const bunch = 4096;

export function openLog({ level, format, access, write }: LogOptions): Log {
  let waiting = "";
  const flush = (): void => {
    if (waiting === "") return;
    const lines = waiting;
    waiting = "";
    write(lines);
  };
  const stream: DestinationStream = {
    write: (line) => {
      waiting += format === "json" ? line : asText(line);
      if (waiting.length >= bunch) flush();
    },
  };
  const logger: Logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  const now = (log: () => void): void => {
    log();
    flush();
  };
  return {
    access: access ? (entry) => logger.info(accessFields(entry), "request") : () => undefined,
    info: (message, fields) => now(() => logger.info({ ...fields }, message)),
    warn: (message, fields) => now(() => logger.warn({ ...fields }, message)),
    fault: (message, fault, fields) => now(() => logger.error({ ...fields, ...describe(fault) }, message)),
    flush,
  };
}

const accessFields = ({ requestId, milliseconds, ...entry }: AccessLogEntry) => ({
  request_id: requestId,
  ...entry,
  ms: Math.round(milliseconds * 100) / 100,
});

/** A fault for the operator: its name, message, stack and cause; not its other members, which may hold what came in. */
function describe(fault: unknown): Readonly<Record<string, unknown>> {
  if (!(fault instanceof Error)) return { fault: typeof fault };
  const { name, message, stack, cause } = fault;
  return { fault: name, reason: message, stack, ...(cause === undefined ? {} : { cause: describe(cause) }) };
}

/** `12:00:01 POST /api/v1/login 200 21.3 ms` */
function asText(line: string): string {
  const { time, level, msg, method, route, status, ms, request_id, ...rest } = JSON.parse(line) as Record<
    string,
    unknown
  >;
  const clock = String(time).slice(11, 19);
  if (msg === "request")
    return `${clock} ${String(method)} ${String(route ?? "(no such path)")} ${String(status)} ${String(ms)} ms\n`;
  const more = Object.keys(rest).length === 0 ? "" : ` ${JSON.stringify(rest)}`;
  return `${clock} ${String(level)}: ${String(msg)}${request_id === undefined ? "" : ` (request ${String(request_id)})`}${more}\n`;
}
