/**
 * Sample rate conversion. Own code: libsamplerate compiled to WebAssembly loses the last samples, and is 13 dB down at
 * 94 % of the band in its quick setting and several times slower in its good one; soxr has no kept build for Node.
 */
import { ZooError } from '../../core/errors.js';
import { type ResamplingFilter, resamplingFilter } from './resampling-filter.js';

const MAX_RATE = 2 ** 22;
const KEPT_FILTERS = 8;
const filters = new Map<string, ResamplingFilter>();

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function keptFilter(up: number, down: number): ResamplingFilter {
  const key = `${up}/${down}`;
  const filter = filters.get(key) ?? resamplingFilter(up, down);
  filters.delete(key);
  filters.set(key, filter); // the last used is the last to go
  for (const oldest of filters.keys()) {
    if (filters.size <= KEPT_FILTERS) break;
    filters.delete(oldest);
  }
  return filter;
}

/**
 * Converts a signal to another rate: band-limited, without delay, silence assumed around it. The same input gives the
 * same bytes. Output sample m is the signal at time m / to; there are ceil(n * to / from) of them.
 * Pass band to 91 % of the lower rate's half, flat within 0.01 dB; aliases and images at least 110 dB down.
 * @param from and @param to in Hz, whole numbers.
 * @returns `samples` itself where the rates are equal.
 * @throws ZooError `USAGE` for a rate that is not a whole number from 1 to 4,194,304.
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  for (const rate of [from, to]) {
    if (!Number.isInteger(rate) || rate < 1 || rate > MAX_RATE) {
      throw new ZooError('USAGE', 'Not a sample rate', { expected: `1 to ${MAX_RATE} Hz`, found: rate });
    }
  }
  if (from === to) return samples;
  const divisor = greatestDivisor(from, to);
  const up = to / divisor;
  const down = from / divisor;
  const { phases, taps, halfWidth, values } = keptFilter(up, down);
  const padded = new Float32Array(samples.length + taps);
  padded.set(samples, halfWidth - 1);
  const output = new Float32Array(Math.ceil((samples.length * to) / from));
  const whole = Math.floor(down / up);
  const rest = down % up;
  let start = 0; // in `padded`: the first sample under the filter
  let fraction = 0; // of an input sample, in units of 1 / up
  for (let index = 0; index < output.length; index++) {
    const place = phases === up ? fraction : (fraction / up) * phases;
    const phase = Math.floor(place);
    const weight = place - phase;
    output[index] =
      weight === 0
        ? dot(padded, start, values, phase * taps, taps)
        : (1 - weight) * dot(padded, start, values, phase * taps, taps) +
          weight * dot(padded, start, values, (phase + 1) * taps, taps);
    start += whole;
    fraction += rest;
    if (fraction >= up) {
      fraction -= up;
      start++;
    }
  }
  return output;
}

/** The sum of products of `length` values, an even number; two sums at once keep the processor busy. */
function dot(a: Float32Array, aStart: number, b: Float64Array, bStart: number, length: number): number {
  let even = 0;
  let odd = 0;
  for (let index = 0; index < length; index += 2) {
    even += (a[aStart + index] as number) * (b[bStart + index] as number); // both ranges lie inside their arrays
    odd += (a[aStart + index + 1] as number) * (b[bStart + index + 1] as number);
  }
  return even + odd;
}
