/** `weka user login`: signs in over WEKA's wire, and writes the file that its clients and its mount read. */
import type { Credentials, Door, Said } from "../../../../packages/client/src/doors/door.ts";
import type { Client } from "../../client.ts";
import { command } from "../../command.ts";
import { exitCode } from "../../exit-codes.ts";
import { keepSignIn, nameOf } from "../../keep-sign-in.ts";
import { passwordFlags, readPassword, type PasswordFlags } from "../../password.ts";
import { refusePlainText } from "../../plain-text.ts";
import { usage } from "../../usage.ts";
import { wekaFlags, wekaTarget } from "../../weka-target.ts";

/** As the product does, the environment may have it; a way that is written on the command line wins. */
function passwordOf(client: Client, flags: PasswordFlags, question: string): Promise<string> | string {
  const { password } = client.environment.weka;
  const isGiven = Object.keys(passwordFlags).some((name) => name in flags);
  return password === undefined || isGiven ? readPassword(client, flags, question) : password;
}

export const userLogin = command({
  usage: "user login [USER] [-g NAME] [-p FILE]",
  about:
    "Signs in over WEKA's API and writes its file of tokens, for you alone. Takes WEKA_USERNAME and WEKA_PASSWORD from the environment, and asks for what is missing.",
  operands: 2,
  flags: {
    username: { takes: "USER", about: "the same as USER" },
    org: { takes: "NAME", about: "the organisation; Root when left out", short: "g" },
    tenant: { takes: "NAME", about: "the same", alias: "org" },
    ...wekaFlags,
    ...passwordFlags,
  },
  run: async ({ flags, operands: [user, password] }, client) => {
    const { weka, calledAs } = client.environment;
    if (password !== undefined)
      throw usage(
        "a password is not taken from the command line: it ends up in shell history and in ps",
        `leave it out and be asked, pipe it: ... | ${calledAs} user login USER --password-stdin, or set WEKA_PASSWORD`,
      );
    const target = wekaTarget(client, flags.path, { signingIn: true });
    refusePlainText(client, target.server);
    const username = await nameOf(client, target.known?.username, user ?? flags.username ?? weka.username);
    const secret = await passwordOf(client, flags, `Password of ${username} at ${target.server}: `);
    await keepSignIn(client, target, {
      username,
      method: "password",
      ask: (door: Door): Promise<Said<Credentials>> =>
        door.signIn({ username, password: secret, organisation: flags.org }),
      activate: false,
      next: `${calledAs} user whoami`,
    });
    return exitCode("done");
  },
});
