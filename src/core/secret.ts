/**
 * Secrets wear a coat: what must never be logged prints as `[secret]` in templates, JSON and inspection. The one way
 * out is `reveal()`, which a reviewer can search for.
 */

const inspect = Symbol.for("nodejs.util.inspect.custom");

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect](): string {
    return "[secret]";
  }
}
