/**
 * CRC-32 as zlib, gzip (RFC 1952 section 8) and PNG have it, bit by bit: for a few dozen characters a table is not worth
 * making, and a runtime's module for compression not worth loading. It finds slips and
 * proves nothing.
 */

/** Of ASCII text, as a whole number below 2^32. */
export function crc32(text: string): number {
  let sum = 0xffffffff;
  for (let at = 0; at < text.length; at++) {
    sum ^= text.charCodeAt(at) & 0xff;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
