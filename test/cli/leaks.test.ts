/** Where secrets could get out: arguments of processes, messages, and what a server has written into its answers. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { pair, wire } from "../client/wire.ts";
import { shell, start } from "./program.ts";
import { demoServer, desk } from "./signed-in.ts";

const server = demoServer();

/** What the kernel tells of a process; undefined: it has ended meanwhile. */
function ofProcess(name: string, file: "stat" | "cmdline"): string | undefined {
  try {
    return readFileSync(`/proc/${name}/${file}`, "utf8");
  } catch {
    return undefined;
  }
}

/** Whether this process, or a child of it, has started that one. Other tests run beside this one. */
function isOurs(name: string): boolean {
  // The name of the program is in brackets and may have anything in it; state and parent follow.
  const parent = /.*\) \S (\d+)/s.exec(ofProcess(name, "stat") ?? "")?.[1];
  if (parent === undefined || parent === "0") return false;
  return parent === String(process.pid) || isOurs(parent);
}

test("C-04, CWE-214: a password on the command line is refused unread, wherever it stands, and is not repeated", async () => {
  using bob = desk(server.url);
  const secret = "correct-horse";
  for (const words of [
    ["login", "--password", secret],
    ["login", `--password=${secret}`],
    ["--password", secret, "login"],
    ["status", "-password", secret],
    ["login", `--pasword=${secret}`],
    ["login", `--password-stdin=${secret}`],
    ["serve", `--pasword=${secret}`],
  ]) {
    const { code, out, err } = await bob.run(words);
    assert.deepEqual([code, out], [2, ""], words.join(" "));
    assert.ok(!err.includes(secret), err);
  }
  const { err } = await bob.run(["login", "--password", secret]);
  assert.match(err, /shell history and in ps[\s\S]*--password-stdin/);
  const json = JSON.parse((await bob.run(["login", "--json", "--password", secret])).err) as { error: object };
  assert.equal((json.error as { exit_code: number }).exit_code, 2);
});

test(
  "C-04, CWE-214: no process that jeton starts has a password or a token among its arguments",
  { skip: readdirSync("/").includes("proc") ? false : "there is no /proc" },
  async () => {
    using bob = desk(server.url);
    await bob.login();
    const { access_token: token } = bob.tokens();
    const held = start(["exec", "--", "sh", "-c", "echo started >&2; read -r line; exit 0"], bob.surroundings());
    const lines = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && isOurs(name))
      .map((name) => ofProcess(name, "cmdline") ?? "");
    assert.ok(lines.some((line) => line.includes("exec")));
    for (const secret of [demoPassword, token]) assert.ok(!lines.some((line) => line.includes(secret)));
    assert.equal((await held.ended).code, 0);
  },
);

test("C-04: -v and errors tell what was asked of whom, and show neither password nor token", async () => {
  using bob = desk(server.url);
  const login = await bob.run(["-vv", "login", "--username", "bob", "--password-stdin"], {
    input: `${demoPassword}\n`,
  });
  assert.match(login.err, /POST http\S+\/api\/v1\/login: 200, request /);
  const { access_token: access, refresh_token: refresh } = bob.tokens();
  const told = [
    login,
    await bob.run(["-v", "refresh", "--force"]),
    await bob.run(["-v", "whoami"]),
    await bob.run(["status", "--json"]),
  ];
  const now = bob.tokens();
  for (const { out, err } of told) {
    for (const secret of [demoPassword, access, refresh, now.access_token, now.refresh_token]) {
      assert.ok(!`${out}${err}`.includes(secret));
    }
  }
});

test("CWE-319: no password leaves this machine in plain text, unless somebody insists, and then it is told", async () => {
  await using at = await wire({ status: 200, body: pair() });
  using bob = desk(server.url);
  // Another name of this machine, which does not say so.
  const away = at.url.replace("127.0.0.1", "0.0.0.0");
  const environment = { JETON_SERVER: away, WEKA_HOST: `${away}/weka` };
  for (const words of [
    ["login", "--username", "bob", "--password-stdin"],
    ["user", "login", "bob", "--password-stdin"],
    ["auth-token", "--username", "bob", "--password-stdin"],
  ]) {
    const { code, err } = await bob.run(words, { input: "correct-horse", environment });
    assert.equal(code, 2, words.join(" "));
    assert.match(err, /is not encrypted[\s\S]*Do: .*https:/, words.join(" "));
  }
  assert.deepEqual(at.asked, []);
  const insisting = ["login", "--username", "bob", "--password-stdin", "--insecure"];
  const { code, err } = await bob.run(insisting, { input: "correct-horse", environment });
  assert.equal(code, 0, err);
  assert.match(err, /is not encrypted/);
  assert.equal(at.asked.length, 1);
});

test("C-06, CWE-150: escape sequences, control characters and turned writing in a server's texts do not reach the terminal", async () => {
  const evil = "\u001b]0;title\u0007\u001b[31mbob\u001b[2K\u009b1A\r\n\u202eevil";
  const me = { id: "1", username: evil, organisation: { name: evil }, roles: [evil] };
  const problem = { code: evil, title: evil, detail: evil };
  const steps = [
    { status: 200, body: pair() },
    { status: 200, body: me },
    { status: 200, body: me },
    { status: 200, body: me },
    { status: 403, body: problem },
    { status: 403, body: problem },
  ];
  await using at = await wire(...steps);
  using bob = desk(at.url);
  await bob.login();
  for (const words of [["whoami"], ["whoami", "--json"], ["status"], ["whoami"], ["whoami", "--json"]]) {
    const { out, err } = await bob.run(words);
    assert.match(`${out}${err}`, /evil/);
    // oxlint-disable-next-line no-control-regex -- these are what is looked for
    assert.doesNotMatch(`${out}${err}`, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  }
  assert.equal(at.asked.length, 6);
});

test("UX, streams: with --json standard output is one object or nothing, and a failure is one object on standard error", async () => {
  using bob = desk(server.url);
  const commands = [
    ["status"],
    ["token"],
    ["header"],
    ["env"],
    ["whoami"],
    ["refresh"],
    ["profiles"],
    ["switch", "x"],
    ["revoke-all"],
    ["logout"],
    ["login"],
    ["tokne"],
    ["exec"],
    ["status", "--colour"],
  ];
  const parsed = (text: string): unknown => (text === "" ? undefined : JSON.parse(text));
  for (const isIn of [false, true]) {
    if (isIn) await bob.login();
    for (const words of commands) {
      const { code, out, err } = await bob.run([...words, "--json"]);
      assert.equal(typeof parsed(out) === "object", err === "", words.join(" "));
      const { error } = (parsed(err) ?? {}) as { error?: Record<string, unknown> };
      if (error === undefined) continue;
      assert.equal(error["exit_code"], code);
      assert.deepEqual(Object.keys(error), [
        "code",
        "message",
        "why",
        "do",
        "status",
        "request_id",
        "exit_code",
        "retry_after",
      ]);
    }
  }
});

test("UX, exit codes: what a server answers decides the code, and a wait that it asks for is passed on", async () => {
  const answers = [
    [400, 1],
    [401, 4],
    [403, 3],
    [404, 5],
    [409, 6],
    [429, 8],
    [500, 1],
    [502, 1],
  ] as const;
  for (const [status, expected] of answers) {
    await using at = await wire({ status, headers: { "retry-after": "9" }, body: { code: "some_code", title: "No" } });
    using bob = desk(at.url);
    const words = ["login", "--username", "bob", "--password-stdin", "--json"];
    const { code, err } = await bob.run(words, { input: "x" });
    assert.equal(code, expected, String(status));
    const { error } = JSON.parse(err) as { error: Record<string, unknown> };
    assert.deepEqual(
      [error["code"], error["status"], error["retry_after"], error["exit_code"]],
      ["some_code", status, 9, expected],
    );
  }
});

test("exec: signals go to the program, and its end is the end", async () => {
  using bob = desk(server.url);
  await bob.login();
  const trapping = start(
    ["exec", "--", "sh", "-c", "trap 'exit 9' TERM; echo ready >&2; while :; do sleep 0.01; done"],
    bob.surroundings(),
  );
  await trapping.said(/ready/);
  trapping.kill("SIGTERM");
  assert.equal((await trapping.ended).code, 9);
  // No shell: one that was started with the signal ignored cannot catch it.
  const catching = "process.on('SIGINT', () => process.exit(8)); setInterval(() => {}, 1e6); console.error('ready')";
  const interrupted = start(["exec", "--", process.execPath, "-e", catching], bob.surroundings());
  await interrupted.said(/ready/);
  interrupted.kill("SIGINT");
  assert.equal((await interrupted.ended).code, 8);
  const killed = await bob.run(["exec", "--", "sh", "-c", "kill -KILL $$"]);
  assert.equal(killed.code, 137);
  const shown = await shell("jeton exec -- env | grep -c '^JETON_TOKEN=eyJ'", bob.surroundings());
  assert.equal(shown.out, "1\n");
});

test("CWE-522: a project file cannot have a token sent to a server of its own choice", async () => {
  await using thief = await wire({ status: 200, body: {} });
  using bob = desk(server.url);
  await bob.login();
  const file = JSON.stringify({ server: thief.url, profile: "default" });
  const line = `unset JETON_SERVER; printf '%s' '${file}' >.jeton.json; mkdir -p sub; cd sub`;
  for (const words of ["whoami", "refresh --force", "logout", "JETON", "FILE"]) {
    const command =
      words === "JETON"
        ? "JETON_TOKEN=secret jeton whoami"
        : words === "FILE"
          ? `JETON_TOKEN_FILE='${bob.file}' jeton whoami`
          : `jeton ${words}`;
    const { code, err } = await shell(`${line}; ${command}`, bob.surroundings());
    assert.equal(code, 2, `${words} ${err}`);
  }
  assert.deepEqual(thief.asked, []);
});
