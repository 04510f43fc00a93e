/**
 * Expected calibration error: equation 3 of Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural
 * Networks" (2017), arXiv 1706.04599, with 15 bins of equal width as there.
 */
import type { Calibration, CalibrationBin } from './report.js';

const BINS = 15;

/**
 * @param confidences probabilities of the predicted classes.
 * @param right whether each prediction is.
 */
export function calibrationOf(confidences: readonly number[], right: readonly boolean[]): Calibration {
  const sums = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, right: 0 }));
  confidences.forEach((confidence, index) => {
    // Bins are open below and closed above; 0 belongs to the first.
    const bin = sums[Math.min(BINS - 1, Math.max(0, Math.ceil(confidence * BINS) - 1))];
    if (bin === undefined) return;
    bin.count += 1;
    bin.confidence += confidence;
    bin.right += right[index] === true ? 1 : 0;
  });
  const bins = sums.map(
    (sum, index): CalibrationBin => ({
      low: index / BINS,
      high: (index + 1) / BINS,
      count: sum.count,
      confidence: sum.count === 0 ? 0 : sum.confidence / sum.count,
      accuracy: sum.count === 0 ? 0 : sum.right / sum.count,
    }),
  );
  const error = bins.reduce(
    (total, bin) => total + (bin.count / confidences.length) * Math.abs(bin.accuracy - bin.confidence),
    0,
  );
  return { error, bins };
}
