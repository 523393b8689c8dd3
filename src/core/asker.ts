/**
 * Aborted when who asked has gone. A function: a signal is made when somebody wants to know, and then tells also what
 * happened before. To make one for each refresh takes Bun six hundredths of its time.
 */
export type Asker = () => AbortSignal;
