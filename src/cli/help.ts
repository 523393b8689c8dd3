/** The pages of `jeton help`: all commands, one command, and what they have in common. */
import type { Command, FlagTable } from "./command.ts";
import type { Program } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { globalFlags } from "./global-flags.ts";
import type { Group, Word } from "./words.ts";

const examples = [
  ["jeton login", "sign in"],
  ["curl -H @<(jeton header) $API/whoami", "call an API"],
  ["jeton exec -- ./deploy.sh", "run a program with JETON_TOKEN set"],
] as const;

/** Two columns, the first as wide as it needs to be. */
function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("");
}

const groups: readonly Group[] = [
  "Everyday",
  "Sign-ins",
  "Tokens",
  "Keys",
  "Applications",
  "Products",
  "Shell",
  "Server",
];

/** The words that are listed are all that there are, or those of a noun. */
export function overview(program: Program, words: readonly Word[]): string {
  const sections = groups.flatMap((group) => {
    const rows = words.filter((word) => word.group === group).map(({ name, summary }) => [name, summary] as const);
    return rows.length === 0 ? [] : [`${group}\n${columns(rows)}\n`];
  });
  if (program !== "jeton" || !words.some(({ group }) => group === "Everyday")) {
    const about = program === "jeton" ? "" : `${program}: words of that product, spoken by Jeton\n\n`;
    return [about, ...sections, `More: ${program} COMMAND --help\n`].join("");
  }
  return [
    "jeton: sign in, get tokens, end them; and the server that gives them\n\n",
    `Examples\n${columns(examples)}\n`,
    ...sections,
    "More: jeton COMMAND --help, jeton help flags | exit-codes | environment | files | scripting\n",
  ].join("");
}

function flagRows(flags: FlagTable): readonly (readonly [string, string])[] {
  return Object.entries(flags)
    .filter(([, { alias }]) => alias === undefined)
    .map(([name, { takes, short, about }]) => {
      const others = Object.entries(flags).filter(([, { alias }]) => alias === name);
      const spellings = [
        `--${name}`,
        ...(short === undefined ? [] : [`-${short}`]),
        ...others.map(([other]) => `--${other}`),
      ];
      return [`${spellings.join(", ")}${takes === undefined ? "" : ` ${takes}`}`, about] as const;
    });
}

/** `verbs`: the commands that begin with the name of this one. */
export function page(
  { usage, about, flags, telling = [], examples: shown = [] }: Command,
  program: Program,
  verbs: readonly Word[],
): string {
  const shared = Object.fromEntries(telling.map((name) => [name, globalFlags[name]]));
  const rows = flagRows({ ...flags, ...shared });
  return [
    `Usage: ${program} ${usage}\n\n${about}\n`,
    rows.length === 0 ? "" : `\nFlags\n${columns(rows)}`,
    verbs.length === 0 ? "" : `\nCommands\n${columns(verbs.map(({ name, summary }) => [name, summary]))}`,
    shown.length === 0 ? "" : `\nExamples\n${columns(shown)}`,
    `\nFlags of all commands: ${program} help flags\n`,
  ].join("");
}

const exitCodePage = (): string =>
  Object.values(exitCodes)
    .map(([code, meaning]) => `${String(code).padStart(3)}  ${meaning}\n`)
    .join("");

const environmentPage = (): string =>
  `A flag wins over the environment, that over .jeton.json, and that over the profile.\n\n${columns([
    ["JETON_SERVER", "the token authority"],
    ["JETON_PROFILE", "which of your sign-ins"],
    ["JETON_TOKEN", "an access token that is used instead of a sign-in; it is never renewed or stored"],
    ["JETON_TOKEN_FILE", "where the tokens are kept"],
    ["JETON_CONFIG_DIR", "where profiles and tokens are kept"],
    ["JETON_CA_CERT", "the authorities that the server's certificate may come from, in PEM"],
    ["WEKA_TOKEN", "jeton user: the path of WEKA's file of tokens, not a token"],
    ["WEKA_USERNAME, WEKA_PASSWORD", "jeton user login: who signs in"],
    ["SENSU_CONFIG_DIR", "sensuctl: where its files are"],
    ["JETON_RUNTIME", "bun or node; the first of them that is there when it is not set"],
    ["NO_COLOR, FORCE_COLOR", "colours never, or always; else on terminals"],
    ["LC_ALL, LC_CTYPE, LANG", "symbols beyond ASCII where one names UTF-8, unless TERM is dumb"],
  ])}\nThe server reads more: see docs/configuration.md.\n`;

const filesPage = (): string =>
  `In $JETON_CONFIG_DIR, else $XDG_CONFIG_HOME/jeton, else ~/.config/jeton:\n\n${columns([
    ["config.json", "your sign-ins: server, user, and where the tokens are; no secret"],
    ["auth-token.json", "the tokens of the first sign-in, for you alone (0600)"],
    ["auth-token.NAME.json", "those of profile NAME"],
    ["key.pem, key.pem.pub", "a key pair of jeton key generate"],
    ["keys.*.json", "a server's public keys, for verify --offline"],
    ["*.lock", "empty; held while a process renews or changes the file"],
  ])}\nIn a project: .jeton.json with server or profile chooses among your sign-ins, in its folder and below.\nA token file that others can read is refused. Its form is WEKA's: access_token, refresh_token, token_type.\n`;

const scriptingPage = (): string =>
  `Standard output is the answer and nothing else; all talk is on standard error.\n\n${columns([
    ["TOKEN=$(jeton token)", "a live token; renewed at most once, however many ask"],
    ["curl -H @<(jeton header) URL", "keeps it out of ps"],
    ["jeton exec -- CMD", "CMD with JETON_TOKEN; its exit code is yours"],
    ['eval "$(jeton env)"', "the token in this shell; it is not renewed"],
    ["jeton status --check", "exit code 0 when signed in, 4 when not; says nothing"],
    ["jeton login --username U --password-stdin <FILE", "also --password-file FILE, --password-command CMD"],
  ])}\n--json answers, and complains, in one object. --no-input never waits for a person.\nExit codes are a promise: jeton help exit-codes\n`;

const topics: Readonly<Record<string, () => string>> = {
  "exit-codes": exitCodePage,
  environment: environmentPage,
  files: filesPage,
  scripting: scriptingPage,
  flags: () => columns(flagRows(globalFlags)),
};

export const topicNames = Object.keys(topics);

/** Undefined where there is no such topic. */
export const topic = (name: string): string | undefined => (Object.hasOwn(topics, name) ? topics[name]?.() : undefined);
