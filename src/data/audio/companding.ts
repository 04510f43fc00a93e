/**
 * A-law and mu-law bytes as linear samples.
 * @see ITU-T G.711; scaled to 16 bits as its reference code (G.191) does.
 */

/** A sample as a 16-bit integer over 32768. */
function aLaw(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 15) << 4) + 8;
  const size = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return ((bits & 0x80) === 0 ? -size : size) / 32768;
}

/** A sample as a 16-bit integer over 32768. */
function muLaw(code: number): number {
  const bits = ~code & 0xff;
  const size = ((((bits & 15) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
  return ((bits & 0x80) === 0 ? size : -size) / 32768;
}

/** The sample of each of the 256 codes. */
export const A_LAW: Float32Array = Float32Array.from({ length: 256 }, (_, code) => aLaw(code));
/** The sample of each of the 256 codes. */
export const MU_LAW: Float32Array = Float32Array.from({ length: 256 }, (_, code) => muLaw(code));
