/** `jeton revoke-all`: ends every session that somebody has, once the name has been typed. */
import type { Revoked } from "../../../packages/client/src/doors/door.ts";
import { revokeAll as revoke } from "../../../packages/client/src/sign-out.ts";
import type { Client } from "../client.ts";
import { command } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { refusal } from "../complaint-of.ts";
import { exitCode } from "../exit-codes.ts";
import { liveToken, signInCommand } from "../live-token.ts";
import { mayAsk } from "../password.ts";
import { ask } from "../prompt.ts";
import { instantText } from "../span.ts";
import { usage } from "../usage.ts";

/** Has the name typed, or takes it as `given`. `asked`: the command, for whoever cannot be asked. */
export async function confirm(client: Client, asked: string, name: string, given: string | undefined): Promise<void> {
  if (given === undefined && !mayAsk(client))
    throw usage(
      `${asked} ends all sessions of ${name}, and nobody can be asked here`,
      `${client.environment.calledAs} ${asked} --confirm ${name}`,
    );
  const typed = given ?? (await ask(client.io, { text: `Type ${name} to confirm: `, hidden: false }));
  if (typed !== name)
    throw usage(`${typed === "" ? "nothing" : "another name"} was typed, so nothing was revoked`, `type ${name}`);
}

export function tellRevoked({ voice, now }: Client, { endedSessions, refusedEverywhereBy }: Revoked): void {
  const count =
    endedSessions === null ? "All sessions" : endedSessions === 1 ? "1 session" : `${endedSessions} sessions`;
  voice.done(`${count} ended`);
  if (refusedEverywhereBy === null) return;
  const by = Date.parse(refusedEverywhereBy) / 1000;
  if (by > now())
    voice.note(`  Access tokens of before are refused here now, and wherever nobody asks by ${instantText(by, now())}`);
}

export const revokeAll = command({
  usage: "revoke-all [--keep-current] [--user U] [--confirm NAME]",
  about: "Ends all sessions that you have, on every machine, this one included. Asks for the name first.",
  operands: 0,
  flags: {
    "keep-current": { about: "stay signed in here" },
    user: { takes: "U", about: "those of somebody whom you administer" },
    confirm: { takes: "NAME", about: "the name that would have to be typed" },
  },
  run: async ({ flags }, client) => {
    const { target, voice } = client;
    const keepCurrent = flags["keep-current"] === true;
    if (keepCurrent && flags.user !== undefined)
      throw usage("--keep-current is about your own sessions, and --user about those of others");
    if (keepCurrent && target.token !== undefined)
      throw usage("JETON_TOKEN is set, and new tokens could not be put there", "unset JETON_TOKEN");
    const { accessToken, tokens } = await liveToken(client, target);
    const door = await client.openDoor(target);
    const me = await door.whoAmI(accessToken);
    if (!me.ok)
      throw refusal(
        `${target.server} does not say who you are`,
        me,
        me.status === 401 ? signInCommand(target) : undefined,
      );
    const name = flags.user ?? me.value.username;
    await confirm(client, "revoke-all", name, flags.confirm);
    const own = name === me.value.username;
    const asked = { accessToken, keepCurrent, ...(own ? {} : { username: name }) };
    const answer =
      tokens === undefined
        ? await door.revokeAll(asked)
        : await revoke({ path: target.tokenFile, door, lock: client.lock }, asked, { own });
    if (!answer.ok) throw refusal(`cannot end the sessions of ${name}`, answer);
    if (keepCurrent && answer.value.tokens === undefined) {
      throw new Complaint("failed", "all sessions ended, this one too", {
        code: "not_kept",
        remedy: signInCommand(target),
      });
    }
    tellRevoked(client, answer.value);
    if (own && !keepCurrent) voice.warn(`This computer is signed out too. Do: ${signInCommand(target)}`);
    const { endedSessions, refusedEverywhereBy } = answer.value;
    voice.answer({
      json: {
        server: target.server,
        user: name,
        ended_sessions: endedSessions,
        refused_everywhere_by: refusedEverywhereBy,
        kept_current: keepCurrent,
      },
    });
    return exitCode("done");
  },
});
