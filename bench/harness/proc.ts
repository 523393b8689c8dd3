/** What Linux says of a process and of a core: the figures that stay meaningful on a machine that others use too. */
import { readFileSync } from "node:fs";
import { SERVER_CORE } from "./tools.ts";

/** Linux counts processor time in hundredths of a second. */
const TICK_MICROSECONDS = 10_000;

/** Microseconds that a process and all its threads have run. */
export function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

/** Microseconds that programs, of this machine or of its neighbours under the same hypervisor, have run on the server's core. */
export function coreTime(): number {
  const line = new RegExp(`^cpu${SERVER_CORE} (.*)$`, "m").exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? "";
  const [user, nice, system, , , , , steal] = line.split(" ").map(Number);
  return ((user ?? 0) + (nice ?? 0) + (system ?? 0) + (steal ?? 0)) * TICK_MICROSECONDS;
}

export function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}
