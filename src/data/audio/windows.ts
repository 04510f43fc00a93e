/** A clip cut into pieces of the length that a network takes. */
import { ZooError } from '../../core/errors.js';

export interface WindowOptions {
  /** Zeros fill the last window where the clip ends inside it. Without, only full windows are kept. Default true. */
  readonly pad?: boolean | undefined;
  /** The part of a last window that must be real for it to be kept, 0 to 1. Default 0.5. */
  readonly coverage?: number | undefined;
}

export interface WindowPlan {
  /** The first sample of each window. */
  readonly starts: readonly number[];
  /** Zeros at the end of the last window. */
  readonly padded: number;
  /** Samples at the end of the clip that no window holds. */
  readonly dropped: number;
}

function wholeOrThrow(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new ZooError('USAGE', `The ${what} must be a whole number of samples above 0`, { found: value });
  }
}

/**
 * Where the windows lie. Full windows start at 0, hop, 2 hop …; one more follows, filled up with zeros, if the last
 * full one leaves samples uncovered and at least `coverage` of it is real. A clip shorter than a window gives one
 * window however short it is, unless `pad` is false.
 * @param count samples of the clip.
 * @throws ZooError `USAGE` for a length, hop or coverage that makes no sense.
 */
export function planWindows(
  count: number,
  length: number,
  hop: number,
  options: WindowOptions = {},
): WindowPlan {
  wholeOrThrow('window length', length);
  wholeOrThrow('hop', hop);
  const { pad = true, coverage = 0.5 } = options;
  if (!(coverage >= 0 && coverage <= 1)) {
    throw new ZooError('USAGE', 'The coverage must be between 0 and 1', { found: coverage });
  }
  const full = count < length ? 0 : 1 + Math.floor((count - length) / hop);
  const starts = Array.from({ length: full }, (_, index) => index * hop);
  const covered = full === 0 ? 0 : (full - 1) * hop + length;
  const next = full * hop;
  const real = count - next;
  const partial = pad && covered < count && real > 0 && (full === 0 || real >= coverage * length);
  if (partial) starts.push(next);
  const end = partial ? count : Math.min(count, covered);
  return { starts, padded: partial ? length - real : 0, dropped: count - end };
}

export interface Windows extends WindowPlan {
  /** [starts.length, length], one window after the other. */
  readonly data: Float32Array;
}

/** The windows of `planWindows`, copied one after the other. */
export function windows(
  samples: Float32Array,
  length: number,
  hop: number,
  options: WindowOptions = {},
): Windows {
  const plan = planWindows(samples.length, length, hop, options);
  const data = new Float32Array(plan.starts.length * length);
  for (const [index, start] of plan.starts.entries()) {
    data.set(samples.subarray(start, start + length), index * length);
  }
  return { ...plan, data };
}
