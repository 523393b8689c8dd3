/**
 * Aborted when who asked has gone. A function, because a signal that nobody looks at is the dearest part of many requests
 * on Bun: it is made when somebody wants to know, and then tells also what happened before.
 */
export type AskerSignal = () => AbortSignal;
