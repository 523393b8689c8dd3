/** `jeton config check`: every setting, its value, and who said so. Fails as `serve` would. */
import type { LoadedConfig } from "../../../config.ts";
import { exitCode } from "../../exit-codes.ts";
import type { Io } from "../../io.ts";
import { configFromFlags, type ServerFlags } from "../../server-flags.ts";

export interface ConfigCheckFlags extends ServerFlags {
  readonly json?: boolean;
}

const isAddress = (value: unknown): value is { hostname: string; port: number } =>
  typeof value === "object" && value !== null && "hostname" in value;

const show = (value: unknown): string =>
  isAddress(value)
    ? `${value.hostname.includes(":") ? `[${value.hostname}]` : value.hostname}:${value.port}`
    : JSON.stringify(value);

function table(settings: LoadedConfig["settings"]): string {
  const rows = settings.map(({ name, value, origin }) => [name, show(value), origin] as const);
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  return rows
    .map(([name, value, origin]) => `${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${origin}\n`)
    .join("");
}

export async function configCheck(flags: ConfigCheckFlags, io: Io): Promise<number> {
  const { settings } = configFromFlags(flags);
  io.out(flags.json === true ? `${JSON.stringify({ settings })}\n` : table(settings));
  return exitCode("done");
}
