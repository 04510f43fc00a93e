/** The area under the curve of precision over recall, as a sum of steps. */

/**
 * sum over thresholds of (R_n - R_n-1) P_n, examples with equal scores at one threshold, as scikit-learn's
 * average_precision_score.
 * @returns null where no example is positive.
 */
export function averagePrecision(scores: readonly number[], positive: readonly boolean[]): number | null {
  const total = positive.filter(Boolean).length;
  if (total === 0) return null;
  const order = scores.map((score, index) => ({ score, positive: positive[index] === true }));
  order.sort((a, b) => b.score - a.score);
  let [area, hits, before] = [0, 0, 0];
  order.forEach((one, index) => {
    if (one.positive) hits += 1;
    if (order[index + 1]?.score === one.score) return;
    area += ((hits - before) / total) * (hits / (index + 1));
    before = hits;
  });
  return area;
}
