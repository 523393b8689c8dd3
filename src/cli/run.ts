/** The command line: argv in, exit code out. A command does its work in a module of its own, loaded when it is called. */
import { readFileSync } from "node:fs";

import { chooseWord, verbsOf, type Chosen } from "./choose-word.ts";
import { openClient } from "./client.ts";
import { Complaint, complaintJson, complaintText } from "./complaint.ts";
import { complaintOf } from "./complaint-of.ts";
import { readEnvironment, type Environment, type Program } from "./environment.ts";
import { exitCode } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { afterWord, findWord, parse } from "./parse.ts";
import { styleFor } from "./style.ts";
import { refusePasswordWord, unknownCommand, unknownFlag, usage } from "./usage.ts";
import { openVoice } from "./voice.ts";
import { wordsOf } from "./words.ts";

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

const beforeDashes = (argv: readonly string[]): readonly string[] => {
  const end = argv.indexOf("--");
  return end === -1 ? argv : argv.slice(0, end);
};

const asksForHelp = (argv: readonly string[]): boolean =>
  beforeDashes(argv).some((word) => word === "--help" || word === "--h" || word === "-h");

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const environment = readEnvironment();
  const program = environment.calledAs;
  let spokenTo: (() => string | undefined) | undefined;
  try {
    if (argv[0] === "__complete") return await complete(argv.slice(1), io, environment);
    // The flag is sensuctl's own, and its commands say what they think of it.
    if (program !== "sensuctl") refusePasswordWord(argv);
    const at = findWord(argv);
    if (at === undefined) return await withoutWord(argv, io, program);
    if (argv[at] === "help") return await help(afterWord(argv, at), io, program);
    const chosen = chooseWord(argv, wordsOf(program), program);
    if (chosen === undefined) return await withoutWord(argv, io, program);
    if (chosen instanceof Complaint) {
      if (!asksForHelp(argv)) throw chosen;
      return await help([argv[at]!], io, program);
    }
    return await call(chosen, { io, environment, watch: (of) => (spokenTo = of) });
  } catch (fault) {
    // Whoever types is in the middle of a line, and has asked nothing.
    if (argv[0] === "__complete") return exitCode("done");
    return complain(fault, argv, { io, environment, server: spokenTo?.() });
  }
}

interface Surroundings {
  readonly io: Io;
  readonly environment: Environment;
  readonly watch: (spokenTo: () => string | undefined) => void;
}

/** What could be written next, for a shell that completes. */
async function complete(typed: readonly string[], io: Io, environment: Environment): Promise<number> {
  const { candidates } = await import("./candidates.ts");
  io.out((await candidates(typed, environment)).map((candidate) => `${candidate}\n`).join(""));
  return exitCode("done");
}

async function call({ word: { name, load }, rest }: Chosen, { io, environment, watch }: Surroundings): Promise<number> {
  const program = environment.calledAs;
  if (load === null) return serverWord([name, ...rest.map((word) => (word === "--h" ? "--help" : word))], io);
  const command = await load();
  const asked = parse(`${program} ${name}`, command, rest);
  const { json, quiet, "no-color": plain, help: wantsHelp } = asked.flags;
  if (wantsHelp === true) {
    const { page } = await import("./help.ts");
    io.out(page(command, program, verbsOf(name, wordsOf(program))));
    return exitCode("done");
  }
  const manner = { json: json === true, quiet: quiet === true, verbosity: asked.verbosity, plain: plain === true };
  const client = openClient({ io, environment, voice: openVoice(io, environment, manner), flags: asked.flags });
  watch(client.spokenTo);
  return command.run(asked, client);
}

async function serverWord(argv: readonly string[], io: Io): Promise<number> {
  const { runServerWord } = await import("./server-words.ts");
  return runServerWord(argv, io, version);
}

async function withoutWord(argv: readonly string[], io: Io, program: Program): Promise<number> {
  if (argv.includes("--version")) {
    io.out(`${version()}\n`);
    return exitCode("done");
  }
  if (asksForHelp(argv)) return help([], io, program);
  const [wrong] = argv;
  if (wrong !== undefined) throw unknownFlag(wrong.split("=")[0]!, ["help", "version"], `${program} --help`);
  throw usage("a command is needed", `${program} --help`);
}

async function help(asked: readonly string[], io: Io, program: Program): Promise<number> {
  const { overview, page, topic, topicNames } = await import("./help.ts");
  const words = wordsOf(program);
  const [name] = asked;
  const text = name === undefined ? overview(program, words) : topic(name);
  const chosen = text === undefined ? chooseWord(asked, words, program) : undefined;
  if (chosen !== undefined && !(chosen instanceof Complaint)) {
    const { word, rest } = chosen;
    if (word.load === null) return serverWord([word.name, ...rest, "--help"], io);
    io.out(page(await word.load(), program, verbsOf(word.name, words)));
    return exitCode("done");
  }
  const verbs = verbsOf(name ?? "", words);
  if (text === undefined && verbs.length === 0) {
    throw unknownCommand(name!, [...words.map((word) => word.name), ...topicNames], `${program} --help`);
  }
  if (chosen !== undefined && asked.length > 1) throw chosen;
  io.out(text ?? overview(program, verbs));
  return exitCode("done");
}

interface Audience {
  readonly io: Io;
  readonly environment: Environment;
  readonly server: string | undefined;
}

function complain(fault: unknown, argv: readonly string[], { io, environment, server }: Audience): number {
  const own = beforeDashes(argv);
  const foreseen = complaintOf(fault, server);
  // A bug: whoever reports it needs the place.
  const trace = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  const complaint = foreseen ?? new Complaint("failed", "failed unexpectedly", { code: "unexpected", why: trace });
  const style = styleFor(environment, { isTerminal: io.isTerminal("talk"), plain: own.includes("--no-color") });
  io.talk(own.includes("--json") ? complaintJson(complaint) : complaintText(complaint, style));
  return exitCode(complaint.exit);
}
