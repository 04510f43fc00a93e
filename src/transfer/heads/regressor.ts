/** A number for each example: a linear layer and nothing after it. */
import * as z from 'zod';
import { type Head, SCALINGS, type Scaling } from './head.js';
import { headKind } from './head-kind.js';
import { linearLayer } from './linear-layer.js';

export interface RegressorOptions {
  /** Default `standardise`. */
  readonly scaling?: Scaling | undefined;
}

export function regressor(options: RegressorOptions = {}): Head {
  const scaling = options.scaling ?? 'standardise';
  return {
    kind: 'regression',
    task: 'regression',
    labels: [],
    outputs: 1,
    activation: 'none',
    loss: 'squared',
    metrics: ['r2', 'meanAbsoluteError', 'rootMeanSquaredError'],
    scaling,
    ...linearLayer(1, 'squared'),
    describe: () => ({ kind: 'regression', scaling }),
  };
}

export const regressionKind = headKind({
  kind: 'regression',
  options: z.strictObject({ scaling: z.enum(SCALINGS) }),
  make: regressor,
});
