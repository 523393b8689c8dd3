/** `jeton status`: who you are, for how long, and what stands in the way. */
import type { Client } from "../client.ts";
import { command } from "../command.ts";
import { exitCode } from "../exit-codes.ts";
import { readProfiles } from "../profiles.ts";
import { iso, spanText } from "../span.ts";
import { standingOf, type Standing } from "../standing.ts";

const needsSignIn = ({ trouble }: Standing): boolean => trouble?.exit === "signInNeeded";

function json({ now }: Client, standing: Standing): object {
  const { target, source, accessEnd, refreshEnd, trouble, person } = standing;
  const life = (until: number | undefined): object | null =>
    until === undefined ? null : { expires_at: iso(until), seconds_left: Math.floor(until - now()) };
  return {
    profile: target.profile,
    server: target.server,
    signed_in: !needsSignIn(standing),
    checked: person !== undefined,
    user: person ?? (target.known === undefined ? null : { username: target.known.username }),
    source,
    access: life(accessEnd),
    refresh: life(refreshEnd),
    trouble:
      trouble === undefined
        ? null
        : { code: trouble.particulars.code, message: trouble.message, do: trouble.particulars.remedy ?? null },
  };
}

function text({ voice: { style }, environment, now }: Client, standing: Standing, isActive: boolean): string {
  const { target, source, accessEnd, refreshEnd, trouble, person } = standing;
  const lines = [`${style.strong(target.server)}  (profile ${target.profile}${isActive ? ", active" : ""})`];
  if (trouble === undefined) {
    const roles =
      person === undefined ? [] : [`organisation ${person.organisation}`, `roles ${person.roles.join(", ") || "none"}`];
    const name = person?.username ?? target.known?.username;
    const who = name === undefined ? "Signed in" : `Signed in as ${name}`;
    lines.push(
      `  ${style.good} ${[who, ...roles].join(style.between)}${person === undefined ? " (the server was not asked)" : ""}`,
    );
  } else {
    const { why, remedy } = trouble.particulars;
    lines.push(
      `  ${style.bad} ${trouble.message}${why === undefined ? "" : `: ${why}`}${remedy === undefined ? "" : ` ${style.arrow} ${remedy}`}`,
    );
  }
  if (source === "env:JETON_TOKEN")
    lines.push(`  ${style.warning} JETON_TOKEN is set, and is used instead of what is stored`);
  const left = (until: number): string => (until > now() ? `${spanText(until - now())} left` : "has expired");
  if (accessEnd !== undefined && !needsSignIn(standing)) {
    lines.push(`  ${style.good} Access token   ${left(accessEnd)}${source === "file" ? ", renews itself" : ""}`);
  }
  if (refreshEnd !== undefined && !needsSignIn(standing)) {
    lines.push(
      `  ${style.good} Refresh token  ${left(refreshEnd)}${style.between}stored in ${environment.shown(target.tokenFile)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

export const status = command({
  usage: "status [--all] [--offline] [--check]",
  about:
    "Tells who you are, and for how long. The exit code is 4 where a sign-in is needed, 7 where the server is away.",
  operands: 0,
  flags: {
    all: { about: "of all profiles" },
    offline: { about: "ask no server: quick enough for a shell's prompt" },
    check: { about: "print nothing; the exit code tells" },
  },
  run: async ({ flags }, client) => {
    const { active, byName } = readProfiles(client.environment.folder);
    const targets = flags.all === true && byName.size > 0 ? [...byName.keys()].map(client.targetOf) : [client.target];
    const standings: Standing[] = [];
    for (const target of targets) standings.push(await standingOf(client, target, { offline: flags.offline === true }));
    if (flags.check !== true) {
      client.voice.answer({
        json: { active: active ?? null, profiles: standings.map((standing) => json(client, standing)) },
        text: standings.map((standing) => text(client, standing, standing.target.profile === active)).join(""),
      });
    }
    if (standings.some(needsSignIn)) return exitCode("signInNeeded");
    return exitCode(standings.find(({ trouble }) => trouble !== undefined)?.trouble?.exit ?? "done");
  },
});
