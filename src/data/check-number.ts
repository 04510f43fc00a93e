/** Refusals of numbers that people give: counts and shares out of their range. */
import { ZooError } from '../core/errors.js';

/**
 * A whole number in a range.
 * @param what behind "Not a number of": `folds`, `hidden units`.
 * @throws ZooError `USAGE`.
 */
export function checkCount(what: string, value: number, least = 1, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ZooError('USAGE', `Not a number of ${what}`, {
    expected:
      most === Number.MAX_SAFE_INTEGER
        ? `a whole number from ${least}`
        : `a whole number from ${least} to ${most}`,
    found: String(value),
  });
}

/** The largest share of examples that may be unreadable. @throws ZooError `USAGE` outside 0 … 1. */
export function checkTolerance(share: number): void {
  if (share >= 0 && share <= 1) return;
  throw new ZooError('USAGE', 'Not a share of unreadable examples', {
    expected: '0 … 1',
    found: String(share),
  });
}

/** How many of `examples` may be unreadable. @throws ZooError `USAGE` for a share outside 0 … 1. */
export function mostUnreadable(share: number, examples: number): number {
  checkTolerance(share);
  // Against products like 0.29 * 100 = 28.999999999999996.
  return Math.floor(share * examples + 1e-9);
}
