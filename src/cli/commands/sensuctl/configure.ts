/** `sensuctl configure`: signs in at a Sensu backend's address and writes sensuctl's files, once it has worked. */
import { resolve } from "node:path";

import { FileDamaged, FileRefused } from "../../../../packages/client/src/faults.ts";
import { isAwayFault } from "../../../../packages/client/src/sign-in.ts";
import { withLock } from "../../../../packages/client/src/lock.ts";
import type { Client } from "../../client.ts";
import { command } from "../../command.ts";
import { Complaint } from "../../complaint.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { nameOf } from "../../keep-sign-in.ts";
import { mayAsk, passwordFlags, readPassword, type PasswordFlags } from "../../password.ts";
import { refusePlainText } from "../../plain-text.ts";
import { ask } from "../../prompt.ts";
import {
  clusterFile,
  openSensuDoor,
  prepareCluster,
  readCluster,
  storePreferences,
  type Cluster,
} from "../../sensuctl/cluster.ts";
import { readServer } from "../../target.ts";
import { usage } from "../../usage.ts";

/** Where a Sensu backend listens. */
const sensuAddress = "http://127.0.0.1:8080";

const formats = ["tabular", "json", "wrapped-json", "yaml"];

interface UrlFlags {
  readonly url?: string;
  readonly "non-interactive"?: true;
}

async function urlOf(client: Client, flags: UrlFlags): Promise<string> {
  const given = flags.url ?? client.flags.server;
  if (given !== undefined || flags["non-interactive"] === true || !mayAsk(client)) return given ?? sensuAddress;
  const typed = await ask(client.io, { text: `Sensu backend URL (${sensuAddress}): `, hidden: false });
  return typed === "" ? sensuAddress : typed;
}

/** The product's own flag is taken, since its scripts have it; where others see it is said. */
export function passwordOf(
  client: Client,
  flags: PasswordFlags & { readonly password?: string },
  question: string,
): Promise<string> | string {
  if (flags.password === undefined) return readPassword(client, flags, question);
  if (Object.keys(passwordFlags).some((name) => name in flags))
    throw usage("--password and another way were given for one password", "leave --password out");
  client.voice.warn("A password on the command line shows in ps and in the shell's history. Better: --password-stdin");
  return flags.password;
}

/** The session that the file had, if it was one of the same server: nobody will use it again. */
async function endBefore(client: Client, before: Cluster | undefined, apiUrl: string): Promise<void> {
  if (before?.tokens === undefined || before.apiUrl !== apiUrl) return;
  try {
    await (await openSensuDoor(client, before)).signOut(before.tokens);
  } catch (fault) {
    if (!isAwayFault(fault)) throw fault;
    client.voice.warn("the sign-in of before could not be ended at the server");
  }
}

/** What is there, if it is of any use: a new sign-in takes its place. */
function readBefore(client: Client): Cluster | undefined {
  try {
    return readCluster(client);
  } catch (fault) {
    // No file, one that sensuctl left readable for all, or a damaged one.
    if (fault instanceof Complaint || fault instanceof FileRefused || fault instanceof FileDamaged) return undefined;
    throw fault;
  }
}

export const configure = command({
  usage: "configure [-n] [--url URL] [--username U] [--password-stdin]",
  about: "Signs in with a password, and writes the files cluster and profile of sensuctl for you alone.",
  operands: 0,
  flags: {
    "non-interactive": { about: "ask nothing", short: "n" },
    url: { takes: "URL", about: `of the backend; ${sensuAddress} when left out` },
    username: { takes: "U", about: "user name" },
    password: { takes: "P", about: "the product's own way, which others see in ps" },
    ...passwordFlags,
    namespace: { takes: "NAME", about: "is written to profile; default when left out" },
    format: { takes: "NAME", about: `is written to profile; one of ${formats.join(", ")}` },
    "trusted-ca-file": { takes: "FILE", about: "the authorities that the server's certificate may come from, in PEM" },
    "insecure-skip-tls-verify": { about: "believe whoever answers, now and later" },
  },
  examples: [
    ["sensuctl configure -n --url http://127.0.0.1:8080 --username ci --password-stdin <FILE", "asks nothing"],
  ],
  run: async ({ flags }, client) => {
    const { format = "tabular", namespace = "default" } = flags;
    if (!formats.includes(format)) throw usage(`--format must be one of ${formats.join(", ")}`);
    const silent = flags["non-interactive"] === true;
    const asking = silent ? { ...client, flags: { ...client.flags, "no-input": true as const } } : client;
    const apiUrl = readServer(await urlOf(client, flags));
    refusePlainText(client, apiUrl, flags["insecure-skip-tls-verify"]);
    const username = await nameOf(asking, undefined, flags.username);
    const password = await passwordOf(asking, flags, `Password of ${username} at ${apiUrl}: `);
    const ca = flags["trusted-ca-file"] ?? client.flags["tls.ca-certificate"];
    const server = {
      apiUrl,
      trustedCaFile: ca === undefined ? "" : resolve(ca),
      unsafeSkipVerify: flags["insecure-skip-tls-verify"] === true,
    };
    await withLock(clusterFile(client), client.lock, async () => {
      const before = readBefore(client);
      const file = prepareCluster(client);
      try {
        const answer = await (await openSensuDoor(client, server)).signIn({ username, password });
        if (!answer.ok) throw refusal(`unable to authenticate at ${apiUrl}`, answer);
        file.store({ ...server, tokens: answer.value });
        storePreferences(client, { format, namespace });
      } finally {
        file.discard();
      }
      await endBefore(client, before, apiUrl);
    });
    client.voice.done(`Signed in to ${apiUrl} as ${username}`);
    client.voice.answer({ json: { status: "signed_in", api_url: apiUrl, username, path: clusterFile(client) } });
    return exitCode("done");
  },
});
