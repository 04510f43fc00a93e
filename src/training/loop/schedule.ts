/** Learning rates over the steps of a run. */

export const SCHEDULES = ['cosine', 'constant', 'one-cycle'] as const;
export type Schedule = (typeof SCHEDULES)[number];

/** Share of the steps in which the rate rises from 0: pretrained weights are not thrown off by the first gradients. */
const WARM_UP = 0.1;
/** Of one cycle, as in PyTorch's `OneCycleLR`: share of the steps in which it rises, where it begins and ends. */
const CYCLE = { rising: 0.3, first: 1 / 25, last: 1 / 25 / 1e4 };

/**
 * @param step from 0. @param steps of the whole run, at least 1.
 * @returns the rate of this step. `constant`: after the warm-up `peak` throughout. `cosine`: falling along half a cosine
 * to 0 (Loshchilov and Hutter 2017, arXiv 1608.03983, without restarts). `one-cycle`: rising along half a cosine to
 * `peak` and falling along another far below where it began (Smith and Topin 2018, arXiv 1708.07120); momentum stays.
 */
export function rateAt(schedule: Schedule, peak: number, step: number, steps: number): number {
  if (schedule === 'one-cycle') return peak * oneCycle(step, steps);
  const rising = Math.floor(WARM_UP * steps);
  if (step < rising) return (peak * (step + 1)) / (rising + 1);
  if (schedule === 'constant') return peak;
  return peak * along(1, 0, (step - rising) / Math.max(1, steps - rising));
}

function oneCycle(step: number, steps: number): number {
  const top = CYCLE.rising * steps - 1;
  if (step <= top) return along(CYCLE.first, 1, step / Math.max(top, Number.EPSILON));
  return along(1, CYCLE.last, (step - top) / Math.max(steps - 1 - top, Number.EPSILON));
}

/** Half a cosine. @param share 0 to 1. */
function along(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}
