/** What can go wrong on the way to a server and back, and with the file at home. What a server refuses is a value. */

/** Nobody answered, or not to the end: whether the request arrived is not known. */
export class Unreachable extends Error {
  readonly code = "UNREACHABLE";
}

/** What a certificate says of itself; nobody has vouched for it. */
export interface SeenCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
}

/** The server's certificate was not accepted, so nothing was sent. */
export class Untrusted extends Error {
  readonly code = "UNTRUSTED";
  readonly certificate: SeenCertificate | undefined;

  constructor(message: string, certificate: SeenCertificate | undefined, options: ErrorOptions) {
    super(message, options);
    this.certificate = certificate;
  }
}

/** Somebody answered, and not in the words of the door that was asked for. */
export class NotUnderstood extends Error {
  readonly code = "NOT_UNDERSTOOD";
}

/** A file that others may read or have put there is not used; `remedy` is a command or a sentence. */
export class FileRefused extends Error {
  readonly code = "FILE_REFUSED";
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** The file is there and private, and what is in it is of no use. */
export class FileDamaged extends Error {
  readonly code = "FILE_DAMAGED";
}

/** The file, or its folder, cannot be written. */
export class FileUnwritable extends Error {
  readonly code = "FILE_UNWRITABLE";
}

/** Another process has held the lock for as long as this one was willing to wait. */
export class LockHeld extends Error {
  readonly code = "LOCK_HELD";
}

/** The reason that an error gives, for a sentence. */
export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** The `code` that the runtime's own errors carry. */
export const codeOf = (fault: unknown): string | undefined =>
  fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : undefined;
