/**
 * What SeTA's guide has its reader write in Python, with the guide's imports and calls in its order, and the service that
 * he searches: the corpus example.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

import type { Scratch } from "../cli/program.ts";
import { onBun } from "../runtime/small-server.ts";

const python = "/usr/bin/python3";
const root = resolve(import.meta.dirname, "../..");

/** Debian calls the package by another name than its authors. */
const whereIs = "import requests, Cryptodome, os; print(os.path.dirname(Cryptodome.__file__))";
const probe = spawnSync(python, ["-c", whereIs], { encoding: "utf8" });
/** Why the program cannot be run here; false: it can. */
export const skip =
  probe.status === 0
    ? false
    : "requests or PyCryptodome is missing. Do: apt-get install python3-requests python3-pycryptodome";

/** The guide's imports and the guide's calls in their order; what it leaves to the reader is printed. */
const program = String.raw`
import json
import random
import string
import sys

import requests
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

AUTH_URL, API_URLS, USERNAME, KEY_FILE = sys.argv[1], sys.argv[2].split(","), sys.argv[3], sys.argv[4]

with open(KEY_FILE, "r", encoding="utf-8") as opened:
    key = RSA.import_key(opened.read())

message = "".join(random.choice(string.ascii_lowercase) for _ in range(20))
signature = pkcs1_15.new(key).sign(SHA256.new(message.encode()))
payload = {
    "username": USERNAME,
    "provider": "local",
    "rsa_original_message": message,
    "rsa_message_signature": signature.hex(),
}
answer = requests.post(AUTH_URL, json=payload, timeout=30)
if not answer.ok:
    print("auth failed: %s" % answer.text)
    sys.exit(1)
token = answer.json()

def search(url, access_token):
    headers = {"Authorization": f"Bearer {access_token}"}
    found = requests.post(f"{url}/corpus", json={"term": "data", "n_docs": 10, "from_doc": 0}, headers=headers, timeout=30)
    return [found.status_code, found.json()]

again = requests.post(AUTH_URL, json=payload, timeout=30)
refreshed = requests.post(
    f"{AUTH_URL}/refresh", headers={"Authorization": f"Bearer {token['refresh_token']}"}, timeout=30
)
print(json.dumps({
    "searched": [search(url, token["access_token"]) for url in API_URLS],
    "again": [again.status_code, again.json()],
    "refreshed": [refreshed.status_code, refreshed.json()["refresh_token"] == token["refresh_token"]],
    "searched_again": search(API_URLS[0], refreshed.json()["access_token"]),
}))
`;

export interface Corpus extends AsyncDisposable {
  readonly url: string;
}

/** The example, on a free port, on the runtime that runs the test. */
export async function corpus(issuer: string, more: readonly string[] = []): Promise<Corpus> {
  const words = ["examples/corpus/server.ts", "--listen", "127.0.0.1:0", "--issuer", issuer, ...more];
  const child = spawn("sh", ["scripts/run", ...words], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], JETON_RUNTIME: onBun ? "bun" : "node" },
  });
  const ended = new Promise((settle) => child.once("exit", settle));
  process.once("exit", () => child.kill("SIGKILL"));
  let said = "";
  const url = await new Promise<string>((settle, fail) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, ready] = /^corpus: ready on (\S+)\/corpus$/m.exec(said) ?? [];
      if (ready !== undefined) settle(ready);
    });
    child.once("exit", () => fail(new Error(`the corpus service ended: ${said}`)));
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A folder where `Crypto` is found. */
export function modulesIn(folder: Scratch): string {
  const modules = folder.path("modules");
  mkdirSync(modules);
  symlinkSync(probe.stdout.trim(), join(modules, "Crypto"));
  // PyCryptodome imports itself by its own name.
  symlinkSync(probe.stdout.trim(), join(modules, "Cryptodome"));
  return modules;
}

export interface Ran {
  /** Status and body of the search at each service, with the first token. */
  readonly searched: readonly (readonly [number, unknown])[];
  /** The same signed request once more. */
  readonly again: readonly [number, unknown];
  /** Its status, and whether the refresh token stayed the one it was. */
  readonly refreshed: readonly [number, boolean];
  readonly searched_again: readonly [number, unknown];
}

export interface Errand {
  readonly authUrl: string;
  readonly apiUrls: readonly string[];
  readonly username: string;
  /** PEM file of the private key. */
  readonly key: string;
  /** Folder where `Crypto` is found. */
  readonly modules: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function runProgram({ authUrl, apiUrls, username, key, modules, environment }: Errand): Promise<Ran> {
  const child = spawn(python, ["-c", program, authUrl, apiUrls.join(","), username, key], {
    env: { PATH: process.env["PATH"], PYTHONPATH: modules, NO_PROXY: "*", ...environment },
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise((settle) => child.once("close", settle));
  assert.equal(code, 0, err + out);
  return JSON.parse(out) as Ran;
}
