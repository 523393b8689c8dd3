/** Lengths of time and instants, as they are written on a command line and as they are told. */
import { Complaint } from "./complaint.ts";

const units = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of `90s`, `5m`, `12h`, `30d`, `500ms`, or of a bare number. */
export function readSpan(flag: string, text: string): number {
  const [, amount, unit = "s"] = /^(\d{1,9})(ms|[smhd])?$/.exec(text) ?? [];
  if (amount !== undefined) return Number(amount) * units[unit as keyof typeof units];
  throw new Complaint("usage", `--${flag} must be a whole number and a unit, such as 90s, 5m or 12h`, {
    code: "usage",
  });
}

/** `4:31`, `3 h`, `29 days`: as exactly as is of use. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 3600) return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  if (whole < 2 * 86_400) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86_400)} days`;
}

const two = (part: number): string => String(part).padStart(2, "0");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** In the user's time zone: the hour, and the day where it is another one. `at` and `now` are seconds since 1970. */
export function instantText(at: number, now: number): string {
  const then = new Date(at * 1000);
  const time = `${two(then.getHours())}:${two(then.getMinutes())}:${two(then.getSeconds())}`;
  if (then.toDateString() === new Date(now * 1000).toDateString()) return time;
  return `${then.getDate()} ${months[then.getMonth()]} ${then.getFullYear()} ${time}`;
}

export const iso = (at: number): string => new Date(at * 1000).toISOString();

/** In a table; without a `now` it is for a program, which can compare it. */
export const whenText = (at: number | null, now: number | undefined): string =>
  at === null ? "never" : now === undefined ? iso(at) : instantText(at, now);
