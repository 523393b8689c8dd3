/** What the environment says to the command line as a client. Read once a run; only this file and config.ts look there. */
import { homedir } from "node:os";

/** The programs whose words are spoken: our own, and those of products, through a link that has their name. */
export const programs = ["jeton", "weka", "featurebase", "sensuctl"] as const;
export type Program = (typeof programs)[number];

export interface Environment {
  /** Which of them was called; the launcher says so. */
  readonly calledAs: Program;
  readonly server: string | undefined;
  readonly profile: string | undefined;
  /** Takes the place of whatever is stored. */
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly caCertificate: string | undefined;
  /** WEKA's own: WEKA_TOKEN is the path of a file of tokens, not a token. */
  readonly weka: {
    readonly tokenFile: string;
    readonly username: string | undefined;
    readonly password: string | undefined;
  };
  /** Where sensuctl keeps its files. */
  readonly sensuFolder: string;
  /** Where profiles and tokens are kept. */
  readonly folder: string;
  /** A path as people write it: below the home folder with a tilde. */
  readonly shown: (path: string) => string;
  /** Whether what is printed may go beyond ASCII. */
  readonly unicode: boolean;
  readonly color: "never" | "always" | "on-terminals";
  /** For a program that is run with a token. */
  readonly forChild: (additional: Readonly<Record<string, string>>) => Record<string, string | undefined>;
}

/** POSIX: an empty variable counts as none. */
const nonEmpty = (value: string | undefined): string | undefined => (value === "" ? undefined : value);

export function readEnvironment(variables: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const get = (name: string): string | undefined => nonEmpty(variables[name]);
  const home = get("HOME") ?? homedir();
  const locale = get("LC_ALL") ?? get("LC_CTYPE") ?? get("LANG") ?? "";
  const isDumb = get("TERM") === "dumb";
  return {
    server: get("JETON_SERVER"),
    profile: get("JETON_PROFILE"),
    token: get("JETON_TOKEN"),
    tokenFile: get("JETON_TOKEN_FILE"),
    caCertificate: get("JETON_CA_CERT"),
    calledAs: programs.find((name) => name === get("JETON_CALLED_AS")) ?? "jeton",
    weka: {
      tokenFile: get("WEKA_TOKEN") ?? `${home}/.weka/auth-token.json`,
      username: get("WEKA_USERNAME"),
      password: get("WEKA_PASSWORD"),
    },
    sensuFolder: get("SENSU_CONFIG_DIR") ?? `${get("XDG_CONFIG_HOME") ?? `${home}/.config`}/sensu/sensuctl`,
    folder: get("JETON_CONFIG_DIR") ?? `${get("XDG_CONFIG_HOME") ?? `${home}/.config`}/jeton`,
    shown: (path) => (path.startsWith(`${home}/`) ? `~/${path.slice(home.length + 1)}` : path),
    unicode: /utf-?8/i.test(locale) && !isDumb,
    // https://no-color.org
    color:
      get("NO_COLOR") !== undefined || isDumb ? "never" : get("FORCE_COLOR") !== undefined ? "always" : "on-terminals",
    forChild: (additional) => ({
      ...variables,
      // Set by bin/runtime.sh for this program, and not by the user.
      BUN_RUNTIME_TRANSPILER_CACHE_PATH: undefined,
      NODE_COMPILE_CACHE: undefined,
      JETON_CALLED_AS: undefined,
      ...additional,
    }),
  };
}
