/**
 * Loaded before each test file on Node, where a file that leaves a server or a timer open never ends. Node's own cure,
 * --test-force-exit, exits before the results have been written and so loses some of them, without a word. This one
 * waits, names what is open and fails the file. Bun ends a file after its last test, whatever is open.
 */
import { after } from "node:test";

const patience = 5000;

function giveUp(): void {
  const open = new Set(process.getActiveResourcesInfo());
  process.stderr.write(`still open ${patience / 1000} s after the last test: ${[...open].join(", ")}\n`);
  process.exitCode = 1;
  // Written behind the results, so they are out when this is.
  process.stdout.write("", () => process.exit());
}

// The runner itself loads this file too.
if (process.env["NODE_TEST_CONTEXT"] !== undefined) after(() => void setTimeout(giveUp, patience).unref());
