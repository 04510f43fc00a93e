/** How sure a share of n examples is. */
import type { Interval } from './report.js';

/** 97.5 % quantile of the normal distribution: two-sided 95 %. */
const Z95 = 1.959963984540054;

/** sqrt(p (1 - p) / n). */
export function standardError(share: number, examples: number): number {
  return Math.sqrt((share * (1 - share)) / examples);
}

/** The 95 % interval of Wilson (1927), which holds for few examples and shares near 0 and 1 too. */
export function wilsonInterval(share: number, examples: number): Interval {
  const square = Z95 * Z95;
  const centre = share + square / (2 * examples);
  const half = Z95 * Math.sqrt((share * (1 - share)) / examples + square / (4 * examples * examples));
  const scale = 1 + square / examples;
  return {
    level: 0.95,
    low: Math.max(0, (centre - half) / scale),
    high: Math.min(1, (centre + half) / scale),
  };
}
