/**
 * A public key out of the text that its owner pasted: a line of OpenSSH's, PEM (RFC 7468) with SPKI or PKCS#1 in it, or
 * a JWK (RFC 7517). Whatever is or has a private key is told apart, so that its owner hears of the mistake.
 */
import type { AuthKeyFault, ReadAuthKey } from "../core/auth-key.ts";
import { decodeBase64Strict, decodeBase64url } from "../core/base64url.ts";
import { parseJsonText } from "../core/json-text.ts";
import { element, tags } from "./der.ts";
import { importPublicJwk, privateMembers, type KeyRefusal } from "./import.ts";
import { fromSpki, fromSsh, type PublicNumbers } from "./public-numbers.ts";
import { numbersFromPkcs1 } from "./rsa-numbers.ts";

type Refused = Extract<ReadAuthKey, { readonly ok: false }>;
type Read = { readonly ok: true; readonly value: PublicNumbers } | Refused;

export const no = (reason: AuthKeyFault): Refused => ({ ok: false, reason });
const numbersOr = (numbers: PublicNumbers | "other" | undefined): Read =>
  numbers === "other" ? no("unknown_type") : numbers === undefined ? no("unreadable") : { ok: true, value: numbers };

/** PEM in any spelling, OpenSSH's own, PuTTY's, JSON with a member of a private JWK, the XML of .NET. */
const privateKey = new RegExp(
  `PRIVATE KEY|^PuTTY-User-Key-File|"(?:${privateMembers.join("|")})"\\s*:|<(?:D|P|Q|DP|DQ|InverseQ)>`,
  "m",
);

/** RFC 7468, with nothing around it. */
const pem = /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----$/;

/** One line: type, key, and a comment that nobody reads. */
const ssh = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?: \P{Cc}*)?$/u;

const sshTypes: ReadonlySet<string> = new Set(["ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"]);

/** Where a key begins in a text that has more than one. */
const beginning = /^(?:-----BEGIN |---- BEGIN |ssh-|ecdsa-|sk-)|"kty"\s*:/gm;

const opensshPrivate = Buffer.from("openssh-key-v1\0");

const startsWith = (bytes: Uint8Array, head: Uint8Array): boolean =>
  Buffer.compare(bytes.subarray(0, head.length), head) === 0;

/** Without armour, or under the wrong label: PKCS#1, SEC 1 and PKCS#8 begin with their version, 0 or 1. */
function isPrivate(bytes: Uint8Array): boolean {
  const content = element(bytes, tags.sequence)?.content;
  const version = content && element(content, tags.integer)?.content;
  return startsWith(bytes, opensshPrivate) || (version?.length === 1 && version[0]! <= 1);
}

const fromBase64 = (text: string): Uint8Array | undefined => decodeBase64Strict(text.replaceAll(/[\r\n]/g, ""));

export function readPublicKey(typed: string, maxRsaBits: number): Read {
  const text = typed.trim();
  if (privateKey.test(text)) return no("private");
  const [, label, base64 = ""] = pem.exec(text) ?? [];
  if (label !== undefined) return fromPem(label, fromBase64(base64));
  const [, type, encoded = ""] = ssh.exec(text) ?? [];
  if (type !== undefined) return fromLine(type, encoded);
  const json = parseJsonText(text);
  if (json.ok) return fromJson(json.value, maxRsaBits);
  const bare = fromBase64(text);
  if (bare !== undefined && isPrivate(bare)) return no("private");
  return no((text.match(beginning)?.length ?? 0) > 1 ? "several" : "unreadable");
}

function fromPem(label: string, der: Uint8Array | undefined): Read {
  if (der !== undefined && isPrivate(der)) return no("private");
  if (label !== "PUBLIC KEY" && label !== "RSA PUBLIC KEY") return no("unknown_type");
  if (der === undefined) return no("unreadable");
  if (label === "PUBLIC KEY") return numbersOr(fromSpki(der));
  const numbers = numbersFromPkcs1(der);
  return numbersOr(numbers && { type: "RSA", ...numbers });
}

function fromLine(type: string, encoded: string): Read {
  if (!sshTypes.has(type)) return no("unknown_type");
  const blob = decodeBase64Strict(encoded);
  // The key says its type itself, and that is the one that counts: the two have to agree.
  const own = blob && Buffer.from(blob.subarray(4, 4 + type.length)).toString("latin1");
  return numbersOr(blob && own === type ? fromSsh(blob) : undefined);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** At any depth, and however the name is spelt: in JSON `d` may be `\u0064`. */
function hasPrivateMember(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (!Array.isArray(value) && privateMembers.some((name) => Object.hasOwn(value, name))) return true;
  return Object.values(value).some(hasPrivateMember);
}

function fromJson(value: unknown, maxRsaBits: number): Read {
  if (hasPrivateMember(value)) return no("private");
  // RFC 7517 section 5: a set, also where it has one key only. Which one was meant is not guessed.
  if (Array.isArray(value) || (isRecord(value) && Object.hasOwn(value, "keys"))) return no("several");
  if (!isRecord(value) || typeof value["kty"] !== "string") return no("unreadable");
  const key = importPublicJwk(value, maxRsaBits);
  if (!key.ok) return no(faultOf(key.reason, value["kty"] !== "RSA"));
  const bytes = (name: string): Uint8Array => decodeBase64url(String(value[name])) ?? new Uint8Array(0);
  if (key.alg === "RS256") return { ok: true, value: { type: "RSA", n: bytes("n"), e: bytes("e") } };
  if (key.alg === "EdDSA") return { ok: true, value: { type: "Ed25519", x: bytes("x") } };
  return { ok: true, value: { type: "P-256", x: bytes("x"), y: bytes("y") } };
}

/** What the importer says, in the words for a key's owner. */
export function faultOf(reason: KeyRefusal, isPoint: boolean): AuthKeyFault {
  switch (reason) {
    case "roca":
      return "factorable";
    case "coordinate":
    case "small_order":
      return "point";
    case "unreadable":
      // Of a point whose coordinates have the right length, the runtime says so if it is not on the curve.
      return isPoint ? "point" : "unreadable";
    default:
      return reason;
  }
}
