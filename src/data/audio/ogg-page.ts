/**
 * Whether a page of an Ogg file is whole and undamaged; the parser gives what there is.
 * @see RFC 3533, section 6: the generator is 0x04c11db7, neither reflected nor inverted
 */

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 24;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder << 1) ^ (remainder < 0 ? 0x04c11db7 : 0);
  return remainder;
});
const CHECKSUM_AT = 22;
const SEGMENTS_AT = 26;

/** @param page from its "OggS" on. */
export function isWholePage(page: Uint8Array): boolean {
  const segments = page[SEGMENTS_AT];
  if (segments === undefined) return false;
  const bodyStart = SEGMENTS_AT + 1 + segments;
  const body = page.subarray(SEGMENTS_AT + 1, bodyStart).reduce((sum, size) => sum + size, 0);
  if (page.length !== bodyStart + body) return false;
  let crc = 0;
  for (let at = 0; at < page.length; at++) {
    const covered = at >= CHECKSUM_AT && at < CHECKSUM_AT + 4 ? 0 : (page[at] ?? 0);
    crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ covered] ?? 0);
  }
  return crc >>> 0 === new DataView(page.buffer, page.byteOffset).getUint32(CHECKSUM_AT, true);
}
