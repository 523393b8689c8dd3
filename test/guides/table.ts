/** Follows the guides and prints what came of each step: `npm run guides`. Status 1: a step failed. */
import { reader } from "./reader.ts";
import { steps } from "./steps.ts";

await using at = await reader();
const rows: (readonly [guide: string, step: string, status: string])[] = [];
for (const { guide, step, run } of steps) {
  if (typeof run !== "function") {
    rows.push([guide, step, `not run: ${run.not}`]);
    continue;
  }
  try {
    rows.push([guide, step, await run(at)]);
  } catch (fault) {
    process.exitCode = 1;
    rows.push([guide, step, `FAILED: ${fault instanceof Error ? fault.message : String(fault)}`]);
  }
}
const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
for (const [guide, step, status] of rows) console.log(`${guide.padEnd(width(0))}  ${step.padEnd(width(1))}  ${status}`);
const ran = steps.filter(({ run }) => typeof run === "function").length;
console.log(`\n${ran} of ${steps.length} steps run`);
