/** One class among several: a linear layer with softmax, or one with a hidden layer in front. */
import * as z from 'zod';
import { ZooError } from '../../core/errors.js';
import { checkCount } from '../../data/check-number.js';
import { type Head, SCALINGS, type Scaling } from './head.js';
import { headKind } from './head-kind.js';
import { checkLabels } from './labels.js';
import { hiddenLayer, linearLayer } from './linear-layer.js';

export interface ClassifierOptions {
  /** At least two, in the order of the outputs. */
  readonly labels: readonly string[];
  /** Units of a hidden layer with ReLU; none by default. */
  readonly hidden?: number | undefined;
  /** Share of hidden units that are dropped while training, 0 to below 1. Default 0.2. */
  readonly dropout?: number | undefined;
  /** Default `standardise`. */
  readonly scaling?: Scaling | undefined;
}

const MOST_UNITS = 65_536;

/** @throws ZooError `DATA` for labels that make no classes; `USAGE` for a bad number of units or dropout. */
export function classifier(options: ClassifierOptions): Head {
  const labels = checkLabels(options.labels, 2);
  const scaling = options.scaling ?? 'standardise';
  const shared = {
    task: 'classification',
    labels,
    outputs: labels.length,
    activation: 'softmax',
    loss: 'softmax',
    metrics: ['accuracy', 'macro.f1', 'logLoss', 'calibration.error'],
    scaling,
  } as const;
  const { hidden, dropout } = options;
  if (hidden === undefined) {
    if (dropout !== undefined) {
      throw new ZooError('USAGE', 'Dropout needs a hidden layer', { hint: 'Give a number of hidden units.' });
    }
    const describe = () => ({ kind: 'linear', labels, scaling });
    return { kind: 'linear', ...shared, ...linearLayer(labels.length, 'softmax'), describe };
  }
  checkCount('hidden units', hidden, 1, MOST_UNITS);
  const rate = dropout ?? 0.2;
  if (!(rate >= 0 && rate < 1)) {
    throw new ZooError('USAGE', 'Not a share of units to drop', {
      expected: '0 to below 1',
      found: String(rate),
    });
  }
  const describe = () => ({ kind: 'hidden', labels, hidden, dropout: rate, scaling });
  return { kind: 'hidden', ...shared, ...hiddenLayer(labels.length, 'softmax', hidden, rate), describe };
}

const common = { labels: z.array(z.string()), scaling: z.enum(SCALINGS) };

export const linearKind = headKind({ kind: 'linear', options: z.strictObject(common), make: classifier });

export const hiddenKind = headKind({
  kind: 'hidden',
  options: z.strictObject({ ...common, hidden: z.number(), dropout: z.number() }),
  make: classifier,
});
