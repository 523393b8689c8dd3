/** Every command by its name, in the order in which the help tells them. What a command does is loaded when it is called. */
import type { Command } from "./command.ts";
import type { Program } from "./environment.ts";

export type Group = "Everyday" | "Sign-ins" | "Tokens" | "Keys" | "Applications" | "Products" | "Shell" | "Server";

export interface Word {
  /** One word, or a noun and its verb; what a noun has may be a noun too. */
  readonly name: string;
  readonly group: Group;
  readonly summary: string;
  /** Null: one of the server's commands (server-words.ts). */
  readonly load: (() => Promise<Command>) | null;
}

const client = (group: Group, name: string, summary: string, load: () => Promise<Command>): Word => ({
  name,
  group,
  summary,
  load,
});

const server = (name: string, summary: string): Word => ({ name, group: "Server", summary, load: null });

const wekaWords: readonly Word[] = [
  client(
    "Products",
    "user login",
    "WEKA: sign in, and write ~/.weka/auth-token.json",
    async () => (await import("./commands/user/login.ts")).userLogin,
  ),
  client(
    "Products",
    "user whoami",
    "WEKA: ask the server who you are",
    async () => (await import("./commands/user/whoami.ts")).userWhoami,
  ),
  client(
    "Products",
    "user generate-token",
    "WEKA: make an API token, and print it",
    async () => (await import("./commands/user/generate-token.ts")).userGenerateToken,
  ),
  client(
    "Products",
    "user revoke-tokens",
    "WEKA: end everything that you hold",
    async () => (await import("./commands/user/revoke-tokens.ts")).userRevokeTokens,
  ),
  client(
    "Products",
    "user logout",
    "WEKA: delete the tokens of this machine",
    async () => (await import("./commands/user/logout.ts")).userLogout,
  ),
];

const featurebaseWords: readonly Word[] = [
  client(
    "Products",
    "auth-token",
    "FeatureBase: sign in, and print both tokens",
    async () => (await import("./commands/auth-token.ts")).authToken,
  ),
];

const sensuWords: readonly Word[] = [
  client(
    "Products",
    "configure",
    "sign in, and write the files cluster and profile",
    async () => (await import("./commands/sensuctl/configure.ts")).configure,
  ),
  client(
    "Products",
    "config view",
    "tell how it is configured",
    async () => (await import("./commands/sensuctl/config-view.ts")).configView,
  ),
  client(
    "Products",
    "user test-creds",
    "ask the server whether a password is right",
    async () => (await import("./commands/sensuctl/test-creds.ts")).testCredentials,
  ),
  client(
    "Products",
    "logout",
    "end the sign-in",
    async () => (await import("./commands/sensuctl/logout.ts")).sensuLogout,
  ),
];

const words: readonly Word[] = [
  client("Everyday", "login", "sign in", async () => (await import("./commands/login.ts")).login),
  client(
    "Everyday",
    "status",
    "tell who you are, and for how long",
    async () => (await import("./commands/status.ts")).status,
  ),
  client("Everyday", "token", "print a live access token", async () => (await import("./commands/token.ts")).token),
  client(
    "Everyday",
    "header",
    "print it as a header, for curl",
    async () => (await import("./commands/token.ts")).header,
  ),
  client("Everyday", "env", "print it as a line for a shell", async () => (await import("./commands/token.ts")).env),
  client("Everyday", "exec", "run a program with it", async () => (await import("./commands/exec.ts")).exec),
  client("Everyday", "logout", "end the sign-in", async () => (await import("./commands/logout.ts")).logout),
  client("Sign-ins", "whoami", "ask the server who you are", async () => (await import("./commands/whoami.ts")).whoami),
  client(
    "Sign-ins",
    "refresh",
    "renew the access token now",
    async () => (await import("./commands/refresh.ts")).refresh,
  ),
  client("Sign-ins", "profiles", "list your sign-ins", async () => (await import("./commands/profiles.ts")).profiles),
  client(
    "Sign-ins",
    "switch",
    "choose the one that is used",
    async () => (await import("./commands/switch.ts")).switchProfile,
  ),
  client(
    "Sign-ins",
    "revoke-all",
    "end everything that you hold, everywhere",
    async () => (await import("./commands/revoke-all.ts")).revokeAll,
  ),
  client(
    "Tokens",
    "token create",
    "make an API token for a script, and print it",
    async () => (await import("./commands/token/create.ts")).tokenCreate,
  ),
  client(
    "Tokens",
    "token list",
    "list your API tokens",
    async () => (await import("./commands/token/list.ts")).tokenList,
  ),
  client(
    "Tokens",
    "token show",
    "tell what one may do, and when it was used",
    async () => (await import("./commands/token/show.ts")).tokenShow,
  ),
  client(
    "Tokens",
    "token rename",
    "give it another name",
    async () => (await import("./commands/token/rename.ts")).tokenRename,
  ),
  client(
    "Tokens",
    "token rotate",
    "put a new one in its place",
    async () => (await import("./commands/token/rotate.ts")).tokenRotate,
  ),
  client("Tokens", "token revoke", "end it", async () => (await import("./commands/token/revoke.ts")).tokenRevoke),
  client("Tokens", "verify", "check a token", async () => (await import("./commands/verify.ts")).verify),
  client("Tokens", "decode", "show what a token says", async () => (await import("./commands/decode.ts")).decode),
  client(
    "Keys",
    "key list",
    "list the keys that you sign in with",
    async () => (await import("./commands/key/list.ts")).keyList,
  ),
  client(
    "Keys",
    "key generate",
    "make a key pair, and sign in with it from now on",
    async () => (await import("./commands/key/generate.ts")).keyGenerate,
  ),
  client(
    "Keys",
    "key add",
    "add the public key of a pair that you have",
    async () => (await import("./commands/key/add.ts")).keyAdd,
  ),
  client(
    "Keys",
    "key challenge",
    "print what a key elsewhere has to sign first",
    async () => (await import("./commands/key/challenge.ts")).keyChallenge,
  ),
  client(
    "Keys",
    "key rename",
    "give a key another name",
    async () => (await import("./commands/key/rename.ts")).keyRename,
  ),
  client("Keys", "key revoke", "remove it", async () => (await import("./commands/key/revoke.ts")).keyRevoke),
  client(
    "Keys",
    "key sign",
    "sign a text with a private key",
    async () => (await import("./commands/key/sign.ts")).keySign,
  ),
  client(
    "Applications",
    "app list",
    "list your applications",
    async () => (await import("./commands/app/list.ts")).appList,
  ),
  client(
    "Applications",
    "app create",
    "make one, which signs in by itself",
    async () => (await import("./commands/app/create.ts")).appCreate,
  ),
  client(
    "Applications",
    "app show",
    "tell what it is, and whose",
    async () => (await import("./commands/app/show.ts")).appShow,
  ),
  client(
    "Applications",
    "app set",
    "change how it is shown, or its roles",
    async () => (await import("./commands/app/set.ts")).appSet,
  ),
  client("Applications", "app disable", "stop it", async () => (await import("./commands/app/status.ts")).appDisable),
  client(
    "Applications",
    "app enable",
    "let it go on",
    async () => (await import("./commands/app/status.ts")).appEnable,
  ),
  client(
    "Applications",
    "app delete",
    "delete it with all that it holds",
    async () => (await import("./commands/app/status.ts")).appDelete,
  ),
  client(
    "Applications",
    "app secret create",
    "make a client secret for it, and print it",
    async () => (await import("./commands/app/secret/create.ts")).appSecretCreate,
  ),
  client(
    "Applications",
    "app secret list",
    "list its client secrets",
    async () => (await import("./commands/app/secret/list.ts")).appSecretList,
  ),
  client(
    "Applications",
    "app secret revoke",
    "end one",
    async () => (await import("./commands/app/secret/revoke.ts")).appSecretRevoke,
  ),
  ...wekaWords,
  ...featurebaseWords,
  client(
    "Shell",
    "setup shims",
    "make links with the products' names, which take their words",
    async () => (await import("./commands/setup/shims.ts")).setupShims,
  ),
  client(
    "Shell",
    "completion",
    "print a script that completes commands in your shell",
    async () => (await import("./commands/completion.ts")).completion,
  ),
  server("serve", "run the server"),
  server("init", "make the first administrator of a new instance"),
  server("config", "look at the configuration"),
  server("journal", "look at what happened"),
];

const spokenAs: Readonly<Record<Program, readonly Word[]>> = {
  jeton: words,
  weka: wekaWords,
  featurebase: featurebaseWords,
  sensuctl: sensuWords,
};

/** Called by a product's name, it has that product's words and no other. */
export const wordsOf = (program: Program): readonly Word[] => spokenAs[program];
