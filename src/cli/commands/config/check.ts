/** `jeton config check`: every setting, its value, and who said so. Fails as `serve` would. */
import type { LoadedConfig } from "../../../config.ts";
import { dialectNames } from "../../../core/dialect-names.ts";
import { exitCode } from "../../exit-codes.ts";
import type { Io } from "../../io.ts";
import { configFromFlags, type ServerFlags } from "../../server-flags.ts";

export interface ConfigCheckFlags extends ServerFlags {
  readonly json?: boolean;
}

const isAddress = (value: unknown): value is { hostname: string; port: number } =>
  typeof value === "object" && value !== null && "hostname" in value;

/** Settings whose value is a length of time, by the last part of their name. */
const isTime = (name: string): boolean =>
  /\.(?:access|idle|absolute|retry_window|delay|usual|longest|network_refill)$/.test(name) && !name.startsWith("log.");

/** In the form that a configuration takes. */
function show(name: string, value: unknown): string {
  if (isAddress(value)) return `${value.hostname.includes(":") ? `[${value.hostname}]` : value.hostname}:${value.port}`;
  if (typeof value === "number" && isTime(name)) return spanText(value);
  if (value === null)
    return name.startsWith("dialects.") && !name.endsWith(".listen") ? "(as the dialect has it)" : "(none)";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The longest unit that leaves nothing over. */
function spanText(seconds: number): string {
  const [unit, size] = (
    [
      ["d", 86_400],
      ["h", 3600],
      ["m", 60],
    ] as const
  ).find(([, of]) => seconds > 0 && seconds % of === 0) ?? ["s", 1];
  return `${seconds / size}${unit}`;
}

function table(settings: LoadedConfig["settings"]): string {
  const rows = settings.map(({ name, value, origin }) => [name, show(name, value), origin] as const);
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  return rows
    .map(([name, value, origin]) => `${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${origin}\n`)
    .join("");
}

/** Without what nobody has set of a dialect that is closed. */
function telling({ config, settings }: LoadedConfig): LoadedConfig["settings"] {
  const closed = dialectNames.filter((name) => !config.dialects[name].open).map((name) => `dialects.${name}.`);
  return settings.filter(
    ({ name, origin }) =>
      origin !== "default" || name.endsWith(".open") || !closed.some((dialect) => name.startsWith(dialect)),
  );
}

export async function configCheck(flags: ConfigCheckFlags, io: Io): Promise<number> {
  const loaded = configFromFlags(flags);
  const shown = loaded.settings.map(({ name, value, origin }) => ({
    name,
    value: value !== null && (isAddress(value) || isTime(name)) ? show(name, value) : value,
    origin,
  }));
  io.out(flags.json === true ? `${JSON.stringify({ settings: shown })}\n` : table(telling(loaded)));
  return exitCode("done");
}
