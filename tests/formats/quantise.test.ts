import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatToHalf, halfToFloat } from '../../src/formats/half-float.js';
import { quantise } from '../../src/formats/quantise.js';

/**
 * Levels, scale and min of `quantize_weights` of tensorflowjs 4.22 (numpy 2.0.2):
 *
 *     scale, low, high = _get_affine_quantization_range(data.min(), data.max(), dtype)
 *     np.round((data.clip(low, high) - low) / scale).astype(dtype)
 */
const CONVERTER = [
  {
    data: [-1, -0.3, 0, 0.25, 2.1],
    dtype: 'uint8',
    levels: [0, 57, 82, 103, 255],
    scale: 0.01215686237110811,
    min: -0.996862714430865,
  },
  {
    data: [-1, -0.3, 0, 0.25, 2.1],
    dtype: 'uint16',
    levels: [0, 14798, 21140, 26425, 65535],
    scale: 4.730296642454518e-5,
    min: -0.9999847102148852,
  },
  { data: [0.5, 0.75, 1.5], dtype: 'uint8', levels: [0, 64, 255], scale: 0.00392156862745098, min: 0.5 },
  { data: [-3, -2.2, -0.1], dtype: 'uint8', levels: [0, 70, 255], scale: 0.011372549013764251, min: -3 },
  {
    data: [-3, -2.2, -0.1],
    dtype: 'uint16',
    levels: [0, 18079, 65535],
    scale: 4.4251163477681906e-5,
    min: -3,
  },
  { data: [0.7, 0.7], dtype: 'uint8', levels: [0, 0], scale: 1, min: 0.699999988079071 },
  { data: [-0.001, 1000, 17.3], dtype: 'uint8', levels: [0, 255, 4], scale: 3.921572549019794, min: -0 },
] as const;

const levelsOf = (bytes: Uint8Array, dtype: string) =>
  dtype === 'uint8' ? [...bytes] : [...new Uint16Array(bytes.buffer)];

describe('whole numbers', () => {
  it.each(CONVERTER)('$dtype of $data as the converter', ({ data, dtype, levels, scale, min }) => {
    const { bytes, quantization } = quantise(Float32Array.from(data), dtype);
    expect(levelsOf(bytes, dtype)).toEqual(levels);
    expect(quantization).toEqual({ dtype, scale, min });
  });

  it('are near to the number, and 0 stays 0', () => {
    const numbers = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(numbers, fc.constantFrom('uint8', 'uint16'), (data, dtype) => {
        const { bytes, quantization } = quantise(Float32Array.from([0, ...data]), dtype);
        const { scale = 0, min = 0 } = quantization;
        const widened = levelsOf(bytes, dtype).map((level) => level * scale + min);
        expect(widened[0]).toBeCloseTo(0, 8);
        for (const [index, number] of data.entries())
          expect(Math.abs((widened[index + 1] ?? Number.NaN) - number)).toBeLessThanOrEqual(scale * 1.0001);
      }),
    );
  });

  it('of nothing are none', () => {
    expect(quantise(new Float32Array(0), 'uint8')).toEqual({
      bytes: new Uint8Array(0),
      quantization: { dtype: 'uint8', scale: 1, min: 0 },
    });
  });
});

describe('half precision', () => {
  it('comes back for every number that it has', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfToFloat(bits);
      if (Number.isNaN(value)) expect(halfToFloat(floatToHalf(value))).toBeNaN();
      else expect(floatToHalf(value)).toBe(bits);
    }
  });

  /** `np.array(numbers, 'float32').astype('float16').view('uint16')`. */
  it('is rounded as numpy rounds', () => {
    const numbers = [
      1 / 3,
      -2.5,
      65504,
      65519.99,
      65520,
      1e-8,
      5.96e-8,
      3e-8,
      2 ** -25,
      2.98023242e-8,
      6.1e-5,
      1e9,
      -0,
      2049,
      2051,
    ];
    expect(numbers.map(floatToHalf)).toEqual([
      13653, 49408, 31743, 31743, 31744, 0, 1, 1, 0, 1, 1023, 31744, 32768, 26624, 26626,
    ]);
  });
});
