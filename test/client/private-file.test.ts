import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";

import { deletePrivate, preparePrivate, readPrivate, touchPrivate } from "../../packages/client/src/private-file.ts";
import { readTokens } from "../../packages/client/src/token-file.ts";
import { scratch } from "../cli/program.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

test("C-01: under any umask a file is 0600, its folder 0700, and no temporary file is left", () => {
  for (const mask of [0o000, 0o022, 0o077, 0o277]) {
    using folder = scratch();
    const before = process.umask(mask);
    try {
      preparePrivate(folder.path("new", "file")).store("text");
      touchPrivate(folder.path("new", "file.lock"));
    } finally {
      process.umask(before);
    }
    assert.equal(modeOf(folder.path("new")), mask === 0o277 ? "500" : "700");
    assert.equal(modeOf(folder.path("new", "file")), "600");
    assert.deepEqual(readdirSync(folder.path("new")).toSorted(), ["file", "file.lock"]);
    assert.equal(readPrivate(folder.path("new", "file"), "to-readers"), "text");
  }
});

test("C-01: a file that the group or the world can read is refused, with the command that mends it", () => {
  using folder = scratch();
  const file = folder.path("file");
  writeFileSync(file, "text");
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o777]) {
    chmodSync(file, mode);
    assert.throws(() => readPrivate(file, "to-readers"), { code: "FILE_REFUSED", remedy: `chmod 600 ${file}` });
  }
  chmodSync(file, 0o644);
  assert.equal(readPrivate(file, "to-writers"), "text");
  chmodSync(file, 0o622);
  assert.throws(() => readPrivate(file, "to-writers"), { code: "FILE_REFUSED", remedy: `chmod 600 ${file}` });
});

test(
  "C-01: a file that belongs to somebody else is refused",
  { skip: process.geteuid?.() === 0 ? false : "only root can give a file away" },
  () => {
    using folder = scratch();
    writeFileSync(folder.path("file"), "text", { mode: 0o600 });
    chownSync(folder.path("file"), 65_534, 65_534);
    assert.throws(() => readPrivate(folder.path("file"), "to-readers"), { code: "FILE_REFUSED" });
  },
);

test("C-01, CWE-59: a symbolic link at the path is refused by reader, writer and lock, and what it points to is not touched", () => {
  using folder = scratch();
  const [target, link] = [folder.path("target"), folder.path("link")];
  writeFileSync(target, "text", { mode: 0o600 });
  symlinkSync(target, link);
  for (const step of [() => readPrivate(link, "to-readers"), () => preparePrivate(link), () => touchPrivate(link)]) {
    assert.throws(step, { code: "FILE_REFUSED", remedy: `rm ${link}` });
  }
  assert.equal(readlinkSync(link), target);
  assert.equal(deletePrivate(link), true);
  assert.equal(readFileSync(target, "utf8"), "text");
  assert.deepEqual(readdirSync(folder.path()).toSorted(), ["target"]);
});

test("C-01: a pipe or a folder in the place of a file is refused, and nobody waits for it", () => {
  using folder = scratch();
  assert.equal(spawnSync("mkfifo", ["-m", "600", folder.path("pipe")]).status, 0);
  mkdirSync(folder.path("folder"), { mode: 0o700 });
  for (const name of ["pipe", "folder"]) {
    assert.throws(() => readPrivate(folder.path(name), "to-readers"), { code: "FILE_REFUSED" }, name);
  }
});

test("C-01: what a killed process left behind is swept up by the next one, and nothing else is", () => {
  using folder = scratch();
  for (const name of [".file.0.tmp", ".other.0.tmp", "file.tmp"]) writeFileSync(folder.path(name), "secret");
  preparePrivate(folder.path("file")).store("text");
  assert.deepEqual(readdirSync(folder.path()).toSorted(), [".other.0.tmp", "file", "file.tmp"]);
});

test("C-01: a write that is given up leaves what was there", () => {
  using folder = scratch();
  preparePrivate(folder.path("file")).store("first");
  preparePrivate(folder.path("file")).discard();
  const second = preparePrivate(folder.path("file"));
  second.store("second");
  second.discard();
  assert.equal(readFileSync(folder.path("file"), "utf8"), "second");
  assert.deepEqual(readdirSync(folder.path()).toSorted(), ["file"]);
});

test("WEKA's auth-token.json: the file's three members are needed, and token_type is Bearer where it is missing", () => {
  using folder = scratch();
  const file = folder.path("auth-token.json");
  const put = (text: string): void => writeFileSync(file, text, { mode: 0o600 });
  assert.equal(readTokens(file), undefined);
  for (const text of ["", "{", "[]", "null", '{"access_token":"a"}', '{"access_token":"a","refresh_token":1}']) {
    put(text);
    assert.throws(() => readTokens(file), { code: "FILE_DAMAGED" }, text);
  }
  put('{"access_token":"a","refresh_token":"b","extra":[1]}');
  assert.deepEqual(readTokens(file), { access_token: "a", refresh_token: "b", token_type: "Bearer", extra: [1] });
});
