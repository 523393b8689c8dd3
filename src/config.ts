/**
 * The server's configuration: defaults, a file (JSON with comments), JETON_* variables, flags, in this order, each
 * winning over the one before. Read once, checked once, frozen; an unknown key is an error. This is the only file of
 * the server that looks at the environment.
 */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import stripJsonComments from "strip-json-comments";
import { z } from "zod";

import { longestApiToken, usualApiToken } from "./core/api-token.ts";
import { dialectNames, type DialectName } from "./core/dialect-names.ts";
import { editDistance } from "./core/edit-distance.ts";
import { parseJsonText } from "./core/json-text.ts";
import { mintPolicies, usualMinting } from "./core/minting.ts";
import { rootOrganisation } from "./core/root.ts";
import { maxima, nativePolicy } from "./core/policy.ts";
import { throttleDefaults } from "./core/throttle.ts";
import { seconds, type Seconds } from "./core/units.ts";

class ConfigInvalid extends Error {
  readonly code = "CONFIG_INVALID";
}

/** Where a value came from, as `jeton config check` prints it. */
export type Origin = "default" | `file ${string}` | `environment ${string}` | `flag ${string}`;

/** Variables of the products themselves: the setting that each stands for, and the unit of its whole number. */
const productVariables: ReadonlyMap<string, readonly [name: SettingName, unit: string]> = new Map([
  ["SOLAR_JWT_EXPIRATION_IN_MINUTES", ["dialects.textual.access", "m"]],
  ["SOLAR_REFRESH_TOKEN_EXPIRATION_IN_MINUTES", ["dialects.textual.idle", "m"]],
]);

export interface Address {
  readonly hostname: string;
  readonly port: number;
}

interface Setting {
  readonly schema: z.ZodType;
  /** What it is when nobody says otherwise. */
  readonly initial: unknown;
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `90s`, `5m`, `12h`, `30d`. */
const durationForm = "a whole number and a unit, such as 90s, 5m, 12h or 30d";
const duration = z.string(durationForm).transform((text, context): Seconds => {
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return seconds(Number(amount) * unitSeconds[unit as keyof typeof unitSeconds]);
  context.addIssue({ code: "custom", message: durationForm });
  return z.NEVER;
});

/** A length of time between two others, in seconds. */
const between = (least: number, most: number) =>
  duration.refine((span) => span >= least && span <= most, `a length of time from ${least}s to ${most}s`);

const addressForm = "HOST:PORT, such as 127.0.0.1:8420 or [::1]:8420";
const address = z.string(addressForm).transform((text, context): Address => {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const hostname = bracketed ?? plain;
  if (hostname !== undefined && Number(port) <= 65_535) return { hostname, port: Number(port) };
  context.addIssue({ code: "custom", message: addressForm });
  return z.NEVER;
});

const urlForm = "an http(s) URL without a slash at its end, without query and fragment";
const url = z.string(urlForm).transform((text, context): string => {
  const parsed = URL.parse(text);
  const plain =
    parsed !== null &&
    /^https?:$/.test(parsed.protocol) &&
    parsed.search + parsed.hash + parsed.username + parsed.password === "";
  if (plain && !text.endsWith("/") && !text.endsWith("?") && !text.endsWith("#")) return text;
  context.addIssue({ code: "custom", message: urlForm });
  return z.NEVER;
});

/** Of this machine: what is sent there travels over no network. */
const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" ||
  hostname === "::1" ||
  hostname === "[::1]" ||
  (isIP(hostname) === 4 && hostname.startsWith("127."));

const webhookForm = "an https URL without user, query and fragment; http only for localhost, 127.0.0.1 or [::1]";
const webhook = z.string(webhookForm).refine((text) => {
  const parsed = URL.parse(text);
  return (
    parsed !== null &&
    (parsed.protocol === "https:" || (parsed.protocol === "http:" && isLoopback(parsed.hostname))) &&
    parsed.username + parsed.password === "" &&
    !/[?#\s]/.test(text)
  );
}, webhookForm);

const mailboxForm = "one mail address, such as jeton@example.com";
const mailbox = z
  .string(mailboxForm)
  .regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/, mailboxForm);

const flag = z.union(
  [z.boolean(), z.literal("true").transform(() => true), z.literal("false").transform(() => false)],
  "true or false",
);

/** A whole number between two others, as a number or, in a variable, as text. */
const count = (least: number, most: number) => {
  const form = `a whole number from ${least} to ${most}`;
  const digits = z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number);
  return z.union([z.int(), digits], form).pipe(z.int().min(least, form).max(most, form));
};

const list = z.union(
  [
    z.array(z.string()),
    z.string().transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter(Boolean),
    ),
  ],
  "a list of texts",
);
const text = z.string("a text").min(1, "a text that is not empty");
const oneOf = <const Names extends readonly [string, ...string[]]>(...names: Names) =>
  z.enum(names, `one of ${names.join(", ")}`);

/** The form only; what the ranges mean is the delivery's business. */
const ranges = list.pipe(
  z.array(
    z.string().refine((range) => {
      const [base = "", prefix = "0", ...more] = range.split("/");
      const family = isIP(base);
      return (
        family !== 0 && more.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)
      );
    }, "a list of address ranges, such as 10.0.0.0/8 or fd00::/8"),
  ),
);

/** What can be set for each dialect; null: as the dialect itself has it. */
const dialectSettings = {
  open: { schema: flag, initial: false },
  listen: { schema: address.nullable(), initial: null },
  url: { schema: url.nullable(), initial: null },
  organisation: { schema: text, initial: rootOrganisation },
  access: { schema: duration.nullable(), initial: null },
  idle: { schema: duration.nullable(), initial: null },
  absolute: { schema: duration.nullable(), initial: null },
  on_refresh: { schema: oneOf("rotate", "stable").nullable(), initial: null },
} as const satisfies Record<string, Setting>;

/** Every other setting: what it accepts, and its default. */
const settings = {
  data: { schema: text, initial: "./data" },
  listen: { schema: address, initial: { hostname: "127.0.0.1", port: 8420 } },
  issuer: { schema: url.nullable(), initial: null },
  master_key_file: { schema: text.nullable(), initial: null },
  "tls.certificate": { schema: text.nullable(), initial: null },
  "tls.key": { schema: text.nullable(), initial: null },
  "tls.ca_certificate": { schema: text.nullable(), initial: null },
  "tls.enable_client_verification": { schema: flag, initial: false },
  trusted_proxies: { schema: ranges, initial: [] },
  "log.level": { schema: oneOf("debug", "info", "warn", "error"), initial: "info" },
  "log.format": { schema: oneOf("json", "text"), initial: "json" },
  "log.access": { schema: flag, initial: true },
  "limits.body": { schema: count(1024, 1_048_576), initial: 65_536 },
  "limits.changes": { schema: count(1, 1_000_000), initial: 600 },
  "overload.requests": { schema: count(8, 100_000), initial: 1024 },
  "overload.delay": { schema: duration, initial: seconds(2) },
  "drain.delay": { schema: duration, initial: seconds(0) },
  "throttle.free": { schema: count(1, 1000), initial: throttleDefaults.free },
  "throttle.longest": { schema: between(1, 3600), initial: throttleDefaults.longest },
  "throttle.network_burst": { schema: count(1, 1_000_000), initial: throttleDefaults.networkBurst },
  "throttle.network_refill": { schema: between(1, 3600), initial: throttleDefaults.networkRefill },
  "leaks.github_keys": { schema: text.nullable(), initial: null },
  "mail.server": { schema: address.nullable(), initial: null },
  "mail.tls": { schema: oneOf("starttls", "implicit", "none"), initial: "starttls" },
  "mail.ca_certificate": { schema: text.nullable(), initial: null },
  "mail.from": { schema: mailbox.nullable(), initial: null },
  "mail.user": { schema: text.nullable(), initial: null },
  "mail.password_file": { schema: text.nullable(), initial: null },
  "webhook.url": { schema: webhook.nullable(), initial: null },
  "webhook.secret_file": { schema: text.nullable(), initial: null },
  "api_tokens.usual": { schema: between(60, longestApiToken), initial: usualApiToken },
  "api_tokens.longest": { schema: between(60, longestApiToken), initial: longestApiToken },
  "api_tokens.endless": { schema: flag, initial: false },
  "api_tokens.cap": { schema: count(1, 100_000_000), initial: 1000 },
  "api_tokens.requests": { schema: count(1, 1_000_000), initial: 6000 },
  "sources.local.mint": { schema: oneOf(...mintPolicies), initial: usualMinting.local },
  "auth_keys.cap": { schema: count(1, 100), initial: 20 },
  "auth_keys.messages": { schema: count(0, 100_000_000), initial: 1_000_000 },
  "applications.cap": { schema: count(0, 1000), initial: 50 },
  "sessions.access": { schema: duration, initial: nativePolicy.access },
  "sessions.idle": { schema: duration, initial: nativePolicy.idle },
  "sessions.absolute": { schema: duration, initial: nativePolicy.absolute },
  "sessions.retry_window": { schema: duration, initial: nativePolicy.retryWindow },
  "sessions.cap": { schema: count(1, maxima.sessionCap), initial: nativePolicy.sessionCap },
} as const satisfies Record<string, Setting>;

type Values<Table extends Record<string, Setting>> = {
  readonly [Name in keyof Table]: z.output<Table[Name]["schema"]>;
};
export type DialectConfig = Values<typeof dialectSettings>;
export type Config = Values<typeof settings> & { readonly dialects: Readonly<Record<DialectName, DialectConfig>> };
export type SettingName = keyof typeof settings | `dialects.${DialectName}.${keyof typeof dialectSettings}`;

/** Every setting by its full name. */
const allSettings: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ...Object.entries(settings),
  ...dialectNames.flatMap((dialect) =>
    Object.entries(dialectSettings).map(([key, setting]): [string, Setting] => [`dialects.${dialect}.${key}`, setting]),
  ),
]);

export interface LoadedConfig {
  readonly config: Config;
  /** Every setting with its value and where that came from. */
  readonly settings: readonly { readonly name: SettingName; readonly value: unknown; readonly origin: Origin }[];
}

/** A value on its way in: not checked yet. */
interface Given {
  readonly value: unknown;
  readonly origin: Origin;
}

export interface ConfigSources {
  /** Path of the configuration file, if one was named. */
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings from flags; the flag's name is its origin. */
  readonly flags: readonly { readonly name: SettingName; readonly value: unknown; readonly flag: string }[];
}

/** Variables that other parts of Jeton read: the launcher, and the command line as a client. */
const foreignVariables: ReadonlySet<string> = new Set([
  "JETON_RUNTIME",
  "JETON_CONFIG",
  "JETON_SERVER",
  "JETON_PROFILE",
  "JETON_TOKEN",
  "JETON_TOKEN_FILE",
  "JETON_CONFIG_DIR",
  "JETON_CA_CERT",
]);

const names = [...allSettings.keys()] as readonly SettingName[];
const variableOf = (name: SettingName): string => `JETON_${name.replaceAll(".", "_").toUpperCase()}`;
const isSetting = (name: string): name is SettingName => allSettings.has(name);

export function loadConfig({ file, environment, flags }: ConfigSources): LoadedConfig {
  const given = new Map<SettingName, Given>();
  if (file !== undefined) for (const [name, value] of readFile(file)) given.set(name, value);
  for (const [name, value] of readEnvironment(environment)) given.set(name, value);
  for (const { name, value, flag: written } of flags) given.set(name, { value, origin: `flag ${written}` });

  const values = new Map<string, unknown>();
  for (const [name, { schema, initial }] of allSettings) {
    const found = given.get(name as SettingName);
    values.set(name, found === undefined ? initial : check(name, schema, found));
  }
  const settingsFor = (table: Record<string, Setting>, prefix: string): object =>
    Object.freeze(Object.fromEntries(Object.keys(table).map((key) => [key, values.get(`${prefix}${key}`)])));
  const byDialect = Object.fromEntries(
    dialectNames.map((dialect) => [dialect, settingsFor(dialectSettings, `dialects.${dialect}.`)]),
  );
  const config = Object.freeze({ ...settingsFor(settings, ""), dialects: Object.freeze(byDialect) }) as Config;
  checkTls(config);
  checkNotices(config);
  return {
    config,
    settings: names.map((name) => ({ name, value: values.get(name), origin: given.get(name)?.origin ?? "default" })),
  };
}

function check(name: string, schema: z.ZodType, { value, origin }: Given): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigInvalid(`${name} (${origin}) must be ${result.error.issues[0]?.message ?? "another value"}`);
}

/** Half of a TLS configuration is a mistake, and the half that is missing might be the one that protects. */
function checkTls(config: Config): void {
  const { "tls.certificate": certificate, "tls.key": key, "tls.ca_certificate": authority } = config;
  if ((certificate === null) !== (key === null))
    throw new ConfigInvalid("tls.certificate and tls.key need each other. Do: set both, or neither");
  if (certificate === null && (authority !== null || config["tls.enable_client_verification"]))
    throw new ConfigInvalid("client certificates need TLS. Do: set tls.certificate and tls.key too");
  if (config["tls.enable_client_verification"] && authority === null)
    throw new ConfigInvalid(
      "tls.enable_client_verification needs an authority. Do: set tls.ca_certificate to the certificate of whoever signs the clients' ones",
    );
}

/** A relay without a sender, or a webhook that nobody could verify, is a mistake; mail in the clear is one too. */
function checkNotices(config: Config): void {
  const { "mail.server": relay, "mail.user": user, "mail.password_file": password } = config;
  if ((relay === null) !== (config["mail.from"] === null))
    throw new ConfigInvalid("mail.server and mail.from need each other. Do: set both, or neither");
  if ((user === null) !== (password === null))
    throw new ConfigInvalid("mail.user and mail.password_file need each other. Do: set both, or neither");
  if (relay === null && (user !== null || config["mail.ca_certificate"] !== null))
    throw new ConfigInvalid("what is said of mail needs a relay. Do: set mail.server and mail.from too");
  if (relay !== null && config["mail.tls"] === "none" && !isLoopback(relay.hostname))
    throw new ConfigInvalid(
      "mail.tls: none is for a relay on this machine. Do: set it to starttls or implicit, or run a relay here",
    );
  if ((config["webhook.url"] === null) !== (config["webhook.secret_file"] === null))
    throw new ConfigInvalid("webhook.url and webhook.secret_file need each other. Do: set both, or neither");
}

function readFile(file: string): readonly (readonly [SettingName, Given])[] {
  let raw: string;
  try {
    raw = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigInvalid(
      `the configuration file ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const parsed = parseJsonText(stripJsonComments(raw, { trailingCommas: true }));
  if (!parsed.ok || !isObject(parsed.value)) {
    throw new ConfigInvalid(
      `the configuration file ${file} is not one JSON object${parsed.ok ? "" : ` (${parsed.reason})`}`,
    );
  }
  return flatten(parsed.value, "").map(([name, value]) => {
    if (isSetting(name)) return [name, { value, origin: `file ${file}` }];
    throw new ConfigInvalid(`${file} has the key ${name}, which does not exist.${nearest(name)}`);
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Nested objects as dotted names. */
const flatten = (value: Readonly<Record<string, unknown>>, prefix: string): readonly (readonly [string, unknown])[] =>
  Object.entries(value).flatMap(([key, inner]): readonly (readonly [string, unknown])[] =>
    isObject(inner) ? flatten(inner, `${prefix}${key}.`) : [[`${prefix}${key}`, inner]],
  );

function readEnvironment(environment: ConfigSources["environment"]): readonly (readonly [SettingName, Given])[] {
  const byVariable = new Map(names.map((name) => [variableOf(name), name]));
  return Object.entries(environment).flatMap(([variable, value]): readonly (readonly [SettingName, Given])[] => {
    const [product, unit] = productVariables.get(variable) ?? [];
    if (product !== undefined && value !== undefined) {
      // Nobody means a token without a life.
      if (!/^[1-9]\d{0,8}$/.test(value))
        throw new ConfigInvalid(`${variable} must be a whole number of minutes from 1 on`);
      return [[product, { value: `${value}${unit}`, origin: `environment ${variable}` }]];
    }
    if (!variable.startsWith("JETON_") || foreignVariables.has(variable) || value === undefined) return [];
    const name = byVariable.get(variable);
    if (name === undefined)
      throw new ConfigInvalid(`the environment has ${variable}, which is no setting.${nearest(variable)}`);
    return [[name, { value, origin: `environment ${variable}` }]];
  });
}

/** A hint for a typing mistake, when a setting's name is near. */
function nearest(wrong: string): string {
  const isVariable = wrong.startsWith("JETON_");
  const [best] = names
    .map((name) => ({ name, spelled: isVariable ? variableOf(name) : name }))
    .map(({ name, spelled }) => ({ name, spelled, apart: editDistance(wrong, spelled) }))
    .toSorted((a, b) => a.apart - b.apart);
  return best !== undefined && best.apart <= 3
    ? ` Did you mean ${best.spelled}?`
    : " Do: jeton config check lists those that do";
}

/** The environment, for the one caller that starts the server. */
export const processEnvironment = (): Readonly<Record<string, string | undefined>> => process.env;
