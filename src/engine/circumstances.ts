/** Where a request came from: told in the journal, and counted under when it fails. It decides about no token. */
export interface Circumstances {
  /** The client's address in canonical form, or what the runtime said of it. */
  readonly address: string;
  readonly requestId: string;
}
