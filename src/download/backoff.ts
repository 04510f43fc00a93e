/**
 * Full jitter: a random wait between zero and a bound that doubles, so that clients that failed together don't
 * come back together.
 * @param failures in a row, from 1.
 */
export function backoffDelay(
  failures: number,
  first: number,
  most: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(most, first * 2 ** Math.min(failures - 1, 30));
}
