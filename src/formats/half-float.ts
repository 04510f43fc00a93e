/** IEEE 754 half precision. */

/** One half-precision number of 16 bits; subnormals, infinities and NaN included. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The nearest half-precision number, ties to even; what is too large becomes infinite. */
export function floatToHalf(value: number): number {
  single[0] = value;
  const bits = singleBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x38800000) {
    // Rounding may carry into the exponent, up to the infinite: that is the right number then.
    const rounded = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
    return sign | Math.min(rounded, 0x7c00);
  }
  // Subnormal: whole multiples of 2 ** -24.
  const multiple = Math.abs(single[0] ?? 0) * 2 ** 24;
  const below = Math.floor(multiple);
  const rest = multiple - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  return sign | (up ? below + 1 : below);
}
