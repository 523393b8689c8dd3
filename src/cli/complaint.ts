/**
 * What went wrong, as every command says it: what happened, why, what to do, and by what to refer to it. A block of
 * lines for people, one object on standard error for programs, and an exit code that both can rely on.
 */
import { exitCode, type ExitName } from "./exit-codes.ts";
import type { Style } from "./style.ts";

export interface Particulars {
  /** Stable, for programs. */
  readonly code: string;
  readonly why?: string | undefined;
  /** A command, or a sentence. */
  readonly remedy?: string | undefined;
  /** HTTP status, where a server refused. */
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
}

export class Complaint extends Error {
  readonly exit: ExitName;
  readonly particulars: Particulars;

  constructor(exit: ExitName, message: string, particulars: Particulars, options?: ErrorOptions) {
    super(message, options);
    this.exit = exit;
    this.particulars = particulars;
  }
}

/** One line each; a message of somebody else's may have several. */
const oneLine = (text: string): string =>
  text
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll(/\p{Cc}/gu, "");

/** A remedy that was written beside its message: "X. Do: Y". */
function parted({ message, particulars }: Complaint): readonly [what: string, remedy: string | undefined] {
  const [what = "", ...rest] = message.split(/\.? Do: /);
  return [oneLine(what), particulars.remedy ?? (rest.length === 0 ? undefined : oneLine(rest.join(" ")))];
}

/** A sentence begins large; a name, a path or a setting stays as it is written. */
const sentence = (text: string): string =>
  text.replace(
    /^(?:a|all|another|cannot|nobody|the|there|this|unknown|you|your)(?= )/,
    (word) => word.charAt(0).toUpperCase() + word.slice(1),
  );

export function complaintText(complaint: Complaint, style: Style): string {
  const [what, remedy] = parted(complaint);
  const { code, why, status, requestId, retryAfter } = complaint.particulars;
  const patience = retryAfter === undefined ? undefined : `wait ${retryAfter} s, then try again`;
  const reference =
    status === undefined ? undefined : [code, ...(requestId === undefined ? [] : [`request ${requestId}`])];
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["Why:", why],
    ["Do:", remedy ?? patience],
    ["Ref:", reference?.join(style.between)],
  ];
  const block = lines.flatMap(([label, text]) =>
    text === undefined ? [] : [`  ${style.faint(label.padEnd(5))} ${oneLine(text)}\n`],
  );
  return `${style.bad} ${sentence(what)}\n${block.join("")}`;
}

export function complaintJson(complaint: Complaint): string {
  const [message, remedy] = parted(complaint);
  const { code, why, status, requestId, retryAfter } = complaint.particulars;
  const error = {
    code,
    message,
    why: why === undefined ? null : oneLine(why),
    do: remedy ?? null,
    status: status ?? null,
    request_id: requestId ?? null,
    exit_code: exitCode(complaint.exit),
    retry_after: retryAfter ?? null,
  };
  return `${JSON.stringify({ error })}\n`;
}
