/** Turns what was thrown, or what a server refused, into the complaint that the user reads. */
import { Complaint, type Particulars } from "./complaint.ts";
import { exitFor, type ExitName } from "./exit-codes.ts";
import type { Refused } from "../../packages/client/src/doors/door.ts";
import type { SeenCertificate } from "../../packages/client/src/faults.ts";

/** The parts of a foreseen error that say more than its sentence; the client package's errors have them. */
interface Telling {
  readonly code: string;
  readonly remedy?: string;
  readonly certificate?: SeenCertificate;
}

const lower = (code: string): string => code.toLowerCase();

function particularsOf(fault: Error & Telling, server: string | undefined): readonly [what: string, more: Particulars] {
  const code = lower(fault.code);
  const where = server ?? "the server";
  switch (fault.code) {
    case "UNREACHABLE":
      return [
        `cannot reach ${where}`,
        { code, why: fault.message, remedy: "see that it runs, and that --server is right" },
      ];
    case "NOT_UNDERSTOOD":
      return [
        `cannot make sense of ${where}`,
        { code, why: fault.message, remedy: "see that --server names a token authority" },
      ];
    case "UNTRUSTED":
      return [`cannot trust the certificate of ${where}`, { code, why: trustText(fault), remedy: trustRemedy }];
    case "FILE_DAMAGED":
      return [fault.message, { code, remedy: "jeton login" }];
    case "FILE_UNWRITABLE":
      return [
        fault.message,
        {
          code,
          why: "new tokens are only asked for where they can be stored",
          remedy: "make its folder writable, or choose another with --token-file",
        },
      ];
    case "LOCK_HELD":
      return [fault.message, { code, remedy: "try again, or end the process that has it" }];
    default:
      return [fault.message, { code, remedy: fault.remedy }];
  }
}

const trustRemedy = "--tls.ca-certificate FILE, where FILE has the certificate of the authority that issued it";

const trustText = ({ message, certificate: seen }: Error & Telling): string =>
  seen === undefined
    ? message
    : `${message}: it is for ${seen.subject}, by ${seen.issuer}, valid from ${seen.validFrom} to ${seen.validTo}`;

/** Undefined for a bug. */
export function complaintOf(fault: unknown, server?: string): Complaint | undefined {
  if (fault instanceof Complaint) return fault;
  const exit = exitFor(fault);
  if (exit === undefined || !(fault instanceof Error)) return undefined;
  const [what, particulars] = particularsOf(fault as Error & Telling, server);
  return new Complaint(exit, what, particulars, { cause: fault });
}

/** By HTTP status; whatever else a server answers is its failure or ours. */
const exits: Readonly<Record<number, ExitName>> = {
  401: "signInNeeded",
  403: "notAllowed",
  404: "notFound",
  409: "conflict",
  429: "limited",
};

/** `what`: the sentence that says what could not be done. A wire that has no word for it was asked for nothing. */
export const refusal = (what: string, refused: Refused, remedy?: string): Complaint =>
  new Complaint(refused.code === "unsupported" ? "usage" : (exits[refused.status] ?? "failed"), what, {
    code: refused.code,
    why: refused.detail === undefined ? refused.title : `${refused.title}: ${refused.detail}`,
    remedy,
    status: refused.status,
    requestId: refused.requestId,
    retryAfter: refused.retryAfter,
  });
