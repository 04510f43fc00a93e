/** Learning rates over the steps of a run. */

export const SCHEDULES = ['cosine', 'constant'] as const;
export type Schedule = (typeof SCHEDULES)[number];

/** Share of the steps in which the rate rises from 0: pretrained weights are not thrown off by the first gradients. */
const WARM_UP = 0.1;

/**
 * @param step from 0. @param steps of the whole run, at least 1.
 * @returns the rate of this step: after the warm-up `peak` throughout, or falling along half a cosine to 0 (Loshchilov
 * and Hutter 2017, arXiv 1608.03983, without restarts).
 */
export function rateAt(schedule: Schedule, peak: number, step: number, steps: number): number {
  const rising = Math.floor(WARM_UP * steps);
  if (step < rising) return (peak * (step + 1)) / (rising + 1);
  if (schedule === 'constant') return peak;
  const share = (step - rising) / Math.max(1, steps - rising);
  return (peak * (1 + Math.cos(Math.PI * share))) / 2;
}
