/**
 * A reporter for `node --test` that prints what fails, as soon as it fails, with what its file had written by then;
 * what passes stays silent.
 */
import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

const keptOutput = 16_384;

export default async function* failuresOnly(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const output = new Map<string, string>();
  for await (const event of source) {
    if (event.type === "test:stdout" || event.type === "test:stderr") {
      const { file, message } = event.data;
      output.set(file, ((output.get(file) ?? "") + message).slice(-keptOutput));
    } else if (event.type === "test:fail") {
      const { file = "", name, line = 0, details } = event.data;
      const error: Error & { readonly failureType?: string } = details.error;
      // A group fails because a test in it failed, and that test has been printed.
      if (error.failureType === "subtestsFailed") continue;
      const written = output.get(file);
      output.delete(file);
      const cause: unknown = error.cause ?? error;
      yield `\n${relative(process.cwd(), file)}:${line}\n(fail) ${name}\n${inspect(cause)}\n`;
      if (written !== undefined) yield `--- the file had written:\n${written}---\n`;
    }
  }
}
