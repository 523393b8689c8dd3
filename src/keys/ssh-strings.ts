/** Messages of SSH, which are texts with their lengths in front (RFC 4251 section 5). */

/** Undefined: there is something else at the end. */
export function sshStrings(blob: Uint8Array): readonly Uint8Array[] | undefined {
  const strings: Uint8Array[] = [];
  let rest = blob;
  while (rest.length > 0) {
    if (rest.length < 4) return undefined;
    const length = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
    if (rest.length < 4 + length) return undefined;
    strings.push(rest.subarray(4, 4 + length));
    rest = rest.subarray(4 + length);
  }
  return strings;
}

const sshString = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

export const sshMessage = (...texts: readonly (string | Uint8Array)[]): Buffer =>
  Buffer.concat(texts.map((text) => sshString(Buffer.from(text))));
