/**
 * Password hashes as text: which kinds are understood, and how much work one may ask for. The same bounds hold at import
 * and at every sign-in, so that no hash, whoever put it there, makes a login cost more than is known beforehand (L-12).
 *
 * argon2: PHC string, RFC 9106. bcrypt: `$2a$`, `$2b$`, `$2y$`; not `$2x$`, whose hashes come from a broken program.
 * scrypt: PHC string, RFC 7914, as passlib writes it too. PBKDF2, RFC 8018: passlib's and Django's texts.
 */
import { decodeBase64url } from "./base64url.ts";

export type PasswordHash =
  | {
      readonly kind: "argon2";
      readonly variant: "argon2id" | "argon2i" | "argon2d";
      /** KiB. */
      readonly memory: number;
      readonly passes: number;
      readonly lanes: number;
    }
  | { readonly kind: "bcrypt"; readonly cost: number }
  | (Derived & { readonly kind: "scrypt"; readonly n: number; readonly r: number; readonly p: number })
  | (Derived & { readonly kind: "pbkdf2"; readonly digest: "sha256" | "sha512"; readonly iterations: number });

/** What a key derivation is fed and what must come out. */
interface Derived {
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

/**
 * Why a text is not taken as a password hash.
 * - `unknown`: none of the kinds above, or not in their form
 * - `too_expensive`: it asks for more memory or time than a sign-in may cost
 * - `too_weak`: it can be tried so fast that it protects nobody
 */
export type HashFault = "unknown" | "too_expensive" | "too_weak";

export type JudgedHash =
  | { readonly ok: true; readonly hash: PasswordHash }
  | { readonly ok: false; readonly reason: HashFault };

/** 64 MiB. */
const mostMemory = 65_536;

const bounds = {
  argon2: { memory: mostMemory, passes: 10, lanes: 8 },
  bcrypt: { least: 4, most: 14 },
  /** The memory is filled `p` times: twice 64 MiB of work at most. */
  scrypt: { least: 1024, memory: mostMemory * 1024, work: 2 * mostMemory * 1024, p: 16, r: 32 },
  pbkdf2: { least: 1000, most: 5_000_000 },
} as const;

const refused = (reason: HashFault): JudgedHash => ({ ok: false, reason });
const accepted = (hash: PasswordHash): JudgedHash => ({ ok: true, hash });

/** Longer than any hash that is within the bounds. */
const longestText = 512;

/** What a text is worth as somebody's password hash. Linear in the text, which may come from anybody. */
export function judgeImportedHash(text: string): JudgedHash {
  if (text.length > longestText) return refused("unknown");
  return argon2(text) ?? bcrypt(text) ?? scrypt(text) ?? pbkdf2(text) ?? refused("unknown");
}

/** What new hashes are made with. */
export interface Argon2Strength {
  readonly memory: number;
  readonly passes: number;
}

/** Whether a hash protects less than one that is made today, so that it is worth making anew. */
export function isWeaker(hash: PasswordHash, { memory, passes }: Argon2Strength): boolean {
  if (hash.kind !== "argon2" || hash.variant !== "argon2id") return true;
  return hash.memory < memory || hash.memory * hash.passes < memory * passes;
}

const argon2Form = /^\$(argon2id|argon2i|argon2d)\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,8})\$([^$]+)\$([^$]+)$/;

function argon2(text: string): JudgedHash | undefined {
  const [, variant, m, t, p, salt = "", key = ""] = argon2Form.exec(text) ?? [];
  if (variant === undefined || !isSalt(decode(salt)) || !isKey(decode(key))) return undefined;
  const [memory, passes, lanes] = [Number(m), Number(t), Number(p)];
  // RFC 9106 section 3.1: eight blocks for each lane at least, and one pass.
  if (lanes < 1 || passes < 1 || memory < 8 * lanes) return undefined;
  const most = bounds.argon2;
  if (memory > most.memory || passes > most.passes || lanes > most.lanes) return refused("too_expensive");
  return accepted({ kind: "argon2", variant: variant as "argon2id", memory, passes, lanes });
}

const bcryptForm = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

function bcrypt(text: string): JudgedHash | undefined {
  const digits = bcryptForm.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const cost = Number(digits);
  if (cost < bounds.bcrypt.least) return undefined;
  return cost > bounds.bcrypt.most ? refused("too_expensive") : accepted({ kind: "bcrypt", cost });
}

const scryptForm = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,6}),p=(\d{1,6})\$([^$]+)\$([^$]+)$/;

function scrypt(text: string): JudgedHash | undefined {
  const [, ln, r0, p0, salt, key] = scryptForm.exec(text) ?? [];
  if (ln === undefined) return undefined;
  const derived = derivedFrom(decode(salt ?? ""), decode(key ?? ""));
  const [n, r, p] = [2 ** Number(ln), Number(r0), Number(p0)];
  if (derived === undefined || n < 2 || r < 1 || p < 1) return undefined;
  const most = bounds.scrypt;
  const memory = 128 * n * r;
  if (r > most.r || p > most.p || memory > most.memory || memory * p > most.work) return refused("too_expensive");
  return n < most.least ? refused("too_weak") : accepted({ kind: "scrypt", n, r, p, ...derived });
}

const passlibPbkdf2 = /^\$pbkdf2-(sha256|sha512)\$(\d{1,12})\$([^$]+)\$([^$]+)$/;
const djangoPbkdf2 = /^pbkdf2_(sha256)\$(\d{1,12})\$([^$]+)\$([^$]+)$/;

function pbkdf2(text: string): JudgedHash | undefined {
  const passlib = passlibPbkdf2.exec(text);
  const [, digest, count, salt = "", key = ""] = passlib ?? djangoPbkdf2.exec(text) ?? [];
  if (digest === undefined) return undefined;
  // Django's salt is the text itself, and its key has its padding.
  const derived =
    passlib === null
      ? derivedFrom(new TextEncoder().encode(salt), decode(key.replace(/={1,2}$/, "")))
      : derivedFrom(decode(salt), decode(key));
  if (derived === undefined) return undefined;
  const iterations = Number(count);
  if (iterations > bounds.pbkdf2.most) return refused("too_expensive");
  if (iterations < bounds.pbkdf2.least) return refused("too_weak");
  return accepted({ kind: "pbkdf2", digest: digest as "sha256", iterations, ...derived });
}

/** Base64 without padding, with `+` or, as passlib writes it, `.` for the value 62. */
const decode = (text: string): Uint8Array | undefined =>
  /^[A-Za-z0-9+./]+$/.test(text) ? decodeBase64url(text.replaceAll(/[+.]/g, "-").replaceAll("/", "_")) : undefined;

const isSalt = (bytes: Uint8Array | undefined): bytes is Uint8Array =>
  bytes !== undefined && bytes.length >= 8 && bytes.length <= 64;

/** A key of less than 16 bytes is one that other passwords have too. */
const isKey = (bytes: Uint8Array | undefined): bytes is Uint8Array =>
  bytes !== undefined && bytes.length >= 16 && bytes.length <= 64;

const derivedFrom = (salt: Uint8Array | undefined, key: Uint8Array | undefined): Derived | undefined =>
  isSalt(salt) && isKey(key) ? { salt, key } : undefined;
