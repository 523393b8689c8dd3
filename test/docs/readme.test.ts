/** The README's commands, as they are printed, but for ports and folders. */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";

const root = new URL("../../", import.meta.url).pathname;
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The commands of all `sh` blocks, a line each. */
const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.trim().split("\n"));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

const folder = mkdtempSync(join(tmpdir(), "jeton-readme-"));
const running: ChildProcess[] = [];
after(async () => {
  for (const child of running) {
    if (child.exitCode !== null) continue;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true });
});

// A home of its own: commands keep tokens there.
const environment = { ...process.env, HOME: folder, JETON_RUNTIME: "Bun" in globalThis ? "bun" : "node" };

/** Starts a server command of the README on a free port; the URL of its ready line. */
async function start(command: string): Promise<string> {
  const child = spawn("sh", ["-c", `exec ${command} --listen 127.0.0.1:0`], {
    cwd: root,
    env: environment,
    stdio: ["ignore", "ignore", "pipe"],
  });
  running.push(child);
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    const ready = /^jeton: ready on (\S+)$/.exec(line)?.[1];
    if (ready !== undefined) {
      child.stderr.resume();
      return ready;
    }
  }
  assert.fail(`the server ended before it was ready: ${said.join("\n")}`);
}

const run = (command: string) => spawnSync("sh", ["-c", command], { cwd: root, env: environment, encoding: "utf8" });

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

test(
  "README: npm start is the demonstration, and the commands under it answer as it says",
  { skip: hasCurl ? false : "curl is not installed" },
  async () => {
    assert.ok(commands.includes("npm start"));
    assert.equal(scripts["start"], "bin/jeton serve --demo");
    const url = await start(scripts["start"]);
    const here = (command: string): string =>
      command.replace("http://127.0.0.1:8420", url).replace("jeton login", `jeton login --server ${url}`);
    const [login, sensu] = commands
      .filter((command) => command.startsWith("curl "))
      .map((command) => JSON.parse(run(here(command)).stdout) as Record<string, unknown>);
    assert.deepEqual(Object.keys(login!), [
      "access_token",
      "refresh_token",
      "token_type",
      "expires_in",
      "refresh_expires_in",
    ]);
    assert.deepEqual(Object.keys(sensu!), ["access_token", "expires_at", "refresh_token"]);
    const [signIn, me] = commands.filter(
      (command) => command.includes("bin/jeton login") || command.includes("header"),
    );
    const signedIn = run(here(signIn!));
    assert.equal(signedIn.status, 0, signedIn.stderr);
    assert.equal((JSON.parse(run(here(me!)).stdout) as { username: string }).username, "bob");
  },
);

test("README: init and serve on a folder of one's own need nothing else", async () => {
  const own = (command: string): string => command.replaceAll("./data", join(folder, "data"));
  const [init, serve] = commands.filter((command) => command.includes("./bin/jeton"));
  const made = run(own(init!));
  assert.equal(made.status, 0, made.stderr);
  const url = await start(own(serve!));
  const password = /^echo '([^']+)'/.exec(init!)![1];
  const body = JSON.stringify({ username: "root", password });
  const answer = await fetch(`${url}/api/v1/login`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
  assert.equal(answer.status, 200);
});

test("README: every command is one that these tests know", () => {
  const known = [
    /^npm (start|test)$/,
    /^curl -s /,
    /^echo '.*' \| bin\/jeton login --username bob --password-stdin$/,
    /^bin\/jeton header \| curl -s -H @- /,
    /^echo '.*' \| \.\/bin\/jeton init /,
    /^\.\/bin\/jeton serve --data \.\/data$/,
  ];
  for (const command of commands)
    assert.ok(
      known.some((pattern) => pattern.test(command)),
      command,
    );
});

test("README: every file that it points to is there", () => {
  for (const [, path] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
    assert.ok(existsSync(join(root, path!)), String(path));
});
