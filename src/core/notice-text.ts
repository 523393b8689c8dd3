/**
 * The words of a notice: a mail's subject and text, and a webhook's body. What people named, such as a token, is put on
 * one line without control characters, so that it can neither add a header (CWE-93) nor another paragraph.
 */
import type { EndingDetail, Notice, NoticeKind, Told } from "./notice.ts";
import type { Seconds } from "./units.ts";

const longestName = 100;

/** On one line, without controls, marks of direction and halves of characters; cut where it is long. */
export function oneLine(text: string): string {
  const plain = Array.from(text.replaceAll(/[\p{C}\p{Z}]+/gu, " ").trim());
  return plain.length > longestName ? `${plain.slice(0, longestName).join("")}...` : plain.join("");
}

const iso = (time: Seconds): string => new Date(time * 1000).toISOString().replace(".000Z", "Z");

/** `2026-03-15 at 12:00 UTC`. */
const spoken = (time: Seconds): string => iso(time).replace(/T(\d\d:\d\d).*$/, " at $1 UTC");

interface Words {
  readonly subject: string;
  /** What happened, and what to do. */
  readonly text: readonly string[];
}

const tokenOf = ({ detail }: Told): { id: string; name: string; ends: Seconds | null } => {
  const {
    api_token: id,
    name,
    expires_at: ends,
  } = detail as unknown as Omit<EndingDetail, "expires_at"> & {
    readonly expires_at: Seconds | null;
  };
  return { id, name: oneLine(name), ends };
};

const whose = ({ subject, organisation }: Told): string =>
  `${oneLine(subject.username)} (${oneLine(organisation.name)})`;

/** Who did it, when and from where. */
function circumstances({ at, actor, address }: Told): string {
  const who = actor === null ? "" : ` by ${oneLine(actor.username)}`;
  return `This was done${who} on ${spoken(at)}${address === null ? "" : `, from the address ${oneLine(address)}`}.`;
}

/** What a new password does not end is looked for. */
const changePassword =
  "change your password, which ends every session, key and token of yours, and look through your applications with jeton app list";

const words: Readonly<Record<NoticeKind, (told: Told) => Words>> = {
  api_token_ends: (told) => {
    const { id, name, ends } = tokenOf(told);
    return {
      subject: `An API token ends on ${spoken(ends!)}: ${name}`,
      text: [
        `the API token "${name}" of ${whose(told)} ends on ${spoken(ends!)}. From then on, whatever uses it is refused.`,
        `If it is still needed, put a new one in its place before that: jeton token rotate ${id}. If it is not, there is nothing to do.`,
      ],
    };
  },
  api_token_minted: (told) => {
    const { id, name, ends } = tokenOf(told);
    return {
      subject: `A new API token: ${name}`,
      text: [
        `an API token named "${name}" was made for ${whose(told)}; ${ends === null ? "it has no end" : `it ends on ${spoken(ends)}`}. ${circumstances(told)}`,
        told.subject.kind === "application"
          ? `If you know of it, there is nothing to do. If you do not, end it with jeton token revoke ${id} --app ${oneLine(told.subject.username)}, and change your password.`
          : `If you know of it, there is nothing to do. If you do not, end it with jeton token revoke ${id}, ${changePassword}, and tell your administrator.`,
      ],
    };
  },
  api_token_rotated: (told) => {
    const { id, name } = tokenOf(told);
    return {
      subject: `An API token was rotated: ${name}`,
      text: [
        `the API token "${name}" of ${whose(told)} was rotated with a token, and not by somebody who signed in. ${circumstances(told)}`,
        `If that is what a script of yours does, there is nothing to do. If it is not, end the new one with jeton token revoke ${id}, ${changePassword}, and tell your administrator.`,
      ],
    };
  },
  subject_changed: (told) => ({
    subject: "Your e-mail addresses were changed",
    text: [
      `the e-mail addresses of ${whose(told)} were changed; from now on notices go to the new ones. ${circumstances(told)}`,
      ifPasswordIsNotYours,
    ],
  }),
  password_reset_issued: (told) => ({
    subject: "Somebody may set your password anew",
    text: [
      `a one-time token was made with which the password of ${whose(told)} can be set anew within a day. ${circumstances(told)}`,
      "If you asked for it, there is nothing to do. If you did not, tell another administrator at once.",
    ],
  }),
  auth_key_set: (told) => ({
    subject: "A new key for signing in",
    text: [
      `a public key was added with which one can sign in as ${whose(told)}; its fingerprint is ${oneLine(String(told.detail["fingerprint"]))}. ${circumstances(told)}`,
      told.subject.kind === "application"
        ? `If you know of it, there is nothing to do. If you do not, remove it with jeton key revoke ${oneLine(String(told.detail["auth_key"]))} --app ${oneLine(told.subject.username)}, and change your password.`
        : `If you know of it, there is nothing to do. If you do not, ${changePassword}, and tell your administrator.`,
    ],
  }),
  client_secret_made: (told) => ({
    subject: `A new client secret of ${oneLine(told.subject.username)}`,
    text: [
      `a client secret named "${oneLine(String(told.detail["name"]))}" was made, with which one can sign in as ${whose(told)}. ${circumstances(told)}`,
      `If you know of it, there is nothing to do. If you do not, end it with jeton app secret revoke ${oneLine(told.subject.username)} ${oneLine(String(told.detail["client_secret"]))}, and change your password.`,
    ],
  }),
  password_changed: (told) => ({
    subject: "Your password was changed",
    text: [`the password of ${whose(told)} was changed. ${circumstances(told)}`, ifPasswordIsNotYours],
  }),
  password_reset: (told) => ({
    subject: "Your password was set anew",
    text: [
      `the password of ${whose(told)} was set anew, with a one-time token of an administrator. ${circumstances(told)}`,
      ifPasswordIsNotYours,
    ],
  }),
};

const ifPasswordIsNotYours =
  "If it was you, there is nothing to do. If it was not, tell your administrator at once, who can end every session and token of yours and let you set a new password.";

/** A mail in plain text; `issuer` says which server is talking. */
export function mailOf(
  { kind, told }: Pick<Notice, "kind" | "told">,
  issuer: string,
): { subject: string; text: string } {
  const { subject, text } = words[kind](told);
  return {
    subject,
    text: ["Hello,", ...text, `This is a notice from ${issuer}. Nobody reads answers to it.`, ""].join("\n\n"),
  };
}

/** A webhook's body, in JSON; the form is in docs/notices.md. */
export const webhookBodyOf = ({ kind, told }: Pick<Notice, "kind" | "told">, issuer: string): string => {
  const { at, ...data } = told;
  return JSON.stringify({ type: kind, timestamp: iso(at), data: { issuer, ...data } });
};
