/** `jeton journal verify`: walks the chain of the journal and says whether it is whole. */
import { checkJournal } from "../../../compose/journal-check.ts";
import { Complaint } from "../../complaint.ts";
import { exitCode, UsageError } from "../../exit-codes.ts";
import type { Io } from "../../io.ts";
import { configFromFlags, type ServerFlags } from "../../server-flags.ts";

export interface JournalVerifyFlags extends Pick<ServerFlags, "data" | "config"> {
  readonly expect?: string;
  readonly json?: boolean;
}

const expectForm = "NUMBER:HASH, as this command prints it, such as 120:9f86d081...";

function readNoted(text: string | undefined): { readonly seq: number; readonly hash: Uint8Array } | undefined {
  if (text === undefined) return undefined;
  const [, seq, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) throw new UsageError(`--expect must be ${expectForm}`);
  return { seq: Number(seq), hash: Buffer.from(hash, "hex") };
}

export async function journalVerify(flags: JournalVerifyFlags, io: Io): Promise<number> {
  const noted = readNoted(flags.expect);
  const { config } = configFromFlags(flags);
  const verdict = checkJournal(config.data, noted);
  const tampered = (what: string): Complaint =>
    new Complaint("notValid", what, {
      code: "journal_not_whole",
      remedy: `keep a copy of ${config.data} as evidence, and compare it with a backup`,
    });
  const intact = verdict.kind === "intact";
  const head = intact ? Buffer.from(verdict.head).toString("hex") : undefined;
  if (flags.json === true) {
    io.out(
      `${JSON.stringify(intact ? { intact, events: verdict.events, head } : { intact, [verdict.kind]: verdict.seq })}\n`,
    );
  } else if (intact) {
    io.out(verdict.events === 0 ? "0 events\n" : `${verdict.events} events, intact. Head: ${verdict.events}:${head}\n`);
  }
  switch (verdict.kind) {
    case "intact":
      return exitCode("done");
    case "broken":
      throw tampered(`the journal is broken at event ${verdict.seq}: it was changed, or an event is missing`);
    case "replaced":
      throw tampered(
        `event ${verdict.seq} is missing or is not the one that was noted: the journal was cut or made anew`,
      );
  }
}
