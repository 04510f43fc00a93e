/** Any number of labels an example: a linear layer with a sigmoid for each label. */
import * as z from 'zod';
import { type Head, SCALINGS, type Scaling } from './head.js';
import { headKind } from './head-kind.js';
import { checkLabels } from './labels.js';
import { linearLayer } from './linear-layer.js';

export interface MultiLabelOptions {
  /** At least one, in the order of the outputs. */
  readonly labels: readonly string[];
  /** Default `standardise`. */
  readonly scaling?: Scaling | undefined;
}

/** @throws ZooError `DATA` for labels that can't be used. */
export function multiLabel(options: MultiLabelOptions): Head {
  const labels = checkLabels(options.labels, 1);
  const scaling = options.scaling ?? 'standardise';
  return {
    kind: 'multi-label',
    task: 'multi-label',
    labels,
    outputs: labels.length,
    activation: 'sigmoid',
    loss: 'sigmoid',
    metrics: ['meanAveragePrecision', 'macro.f1', 'micro.f1', 'logLoss'],
    scaling,
    ...linearLayer(labels.length, 'sigmoid'),
    describe: () => ({ kind: 'multi-label', labels, scaling }),
  };
}

export const multiLabelKind = headKind({
  kind: 'multi-label',
  options: z.strictObject({ labels: z.array(z.string()), scaling: z.enum(SCALINGS) }),
  make: multiLabel,
});
