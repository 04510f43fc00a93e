/** The low-pass filter of the resampler, cut into phases. */

/**
 * Stop band: at least 120 dB down from half the lower rate on, so nothing audible folds back. Pass band: up to 91.3 %
 * of that, as in soxr's high quality, which librosa uses by default.
 */
const STOP_BAND_DB = 120;
const PASS_BAND = 0.913;
/** Tables with more values than this hold a fixed number of phases, between which the filter is interpolated. */
const MAX_EXACT_VALUES = 2 ** 18;
/** Linear interpolation between 1,024 phases a sample of the lower rate leaves an error 128 dB down. */
const INTERPOLATED_PHASES = 1024;

export interface ResamplingFilter {
  /** Phases a sample of the input; one more row follows, so that the last phase has a neighbour. */
  readonly phases: number;
  /** Values a phase: the weights of input samples 1 - halfWidth … halfWidth around the place. */
  readonly taps: number;
  readonly halfWidth: number;
  readonly values: Float64Array;
}

/** Modified Bessel function of the first kind and order 0, by its power series. */
function bessel0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * A sinc under a Kaiser window.
 * @see Kaiser's formulas for length and beta: Oppenheim and Schafer, Discrete-Time Signal Processing, 7.6
 * @param up and @param down: the ratio of the rates, output to input, in lowest terms.
 */
export function resamplingFilter(up: number, down: number): ResamplingFilter {
  const lower = Math.min(1, up / down); // the lower rate in units of the input's
  const beta = 0.1102 * (STOP_BAND_DB - 8.7);
  const transition = (1 - PASS_BAND) / 2;
  const length = (STOP_BAND_DB - 7.95) / (14.36 * transition);
  const cutOff = (lower * (1 + PASS_BAND)) / 2; // in half the input's rate
  const reach = length / 2 / lower; // in input samples
  const halfWidth = Math.ceil(reach);
  const taps = 2 * halfWidth;
  const phases = (up + 1) * taps <= MAX_EXACT_VALUES ? up : Math.ceil(INTERPOLATED_PHASES * lower);
  const values = new Float64Array((phases + 1) * taps);
  const peak = bessel0(beta);
  for (let phase = 0; phase <= phases; phase++) {
    const row = values.subarray(phase * taps, (phase + 1) * taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const time = tap + 1 - halfWidth - phase / phases;
      if (Math.abs(time) >= reach) continue;
      const angle = Math.PI * cutOff * time;
      const sinc = time === 0 ? 1 : Math.sin(angle) / angle;
      const value = (sinc * bessel0(beta * Math.sqrt(1 - (time / reach) ** 2))) / peak;
      row[tap] = value;
      sum += value;
    }
    // Every phase passes a constant unchanged.
    for (let tap = 0; tap < taps; tap++) row[tap] = (row[tap] ?? 0) / sum;
  }
  return { phases, taps, halfWidth, values };
}
