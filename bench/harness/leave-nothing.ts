/** However the benchmark ends, also by Ctrl-C, it leaves no process and no folder behind. */
import type { ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";

const children = new Set<ChildProcess>();
const folders = new Set<string>();

process.on("exit", () => {
  // TERM, so that a demonstration still removes its own data.
  for (const child of children) child.kill("SIGTERM");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    process.exit(130);
  });
}

export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once("exit", () => {
    children.delete(child);
  });
}

export function removeWithUs(folder: string): void {
  folders.add(folder);
}
