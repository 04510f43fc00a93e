/** The new output layer that a person asks for, or that the labels of the data ask for. */
import type { Dataset } from '../data/dataset.js';
import type { Head, Scaling } from '../transfer/heads/head.js';
import type { OptionSpec, OptionValues } from './command.js';
import { choice, count, number, text } from './options.js';

const HEADS = [
  'linear',
  'hidden',
  'multi-label',
  'regression',
  'nearest-mean',
  'nearest-neighbours',
] as const;
type HeadName = (typeof HEADS)[number];
/** Written out: the module of the heads loads TensorFlow. */
const SCALINGS = ['standardise', 'unit-length', 'none'] as const satisfies readonly Scaling[];
/** Worth trying where nobody says which. */
const TRIED_SCALINGS = ['standardise', 'unit-length'] as const;

export const HEAD_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--head <kind>',
    description: 'kind of output layer (default: linear, or as the labels ask)',
    completion: HEADS,
  },
  {
    flags: '--hidden <units>',
    description: 'of a hidden layer in front of the output (default for hidden: 128)',
  },
  {
    flags: '--dropout <share>',
    description: 'of hidden units that are dropped while training (default: 0.2)',
  },
  {
    flags: '--scaling <how>',
    description:
      'of the features in front of linear and hidden heads (default: standardise; with --train all unit-length)',
    completion: SCALINGS,
  },
  { flags: '--neighbours <k>', description: 'that vote in nearest-neighbours (default: 3)' },
];

const HIDDEN_UNITS = 128;

/**
 * The heads to choose from where features are chosen too: one with each scaling, unless the person said which.
 * @throws as `headFor`.
 */
export async function headsFor(dataset: Dataset, options: OptionValues): Promise<Head[]> {
  const head = await headFor(dataset, options);
  if (text(options, 'scaling') !== undefined || head.fitting.by !== 'linear') return [head];
  return Promise.all(TRIED_SCALINGS.map((scaling) => headFor(dataset, { ...options, scaling })));
}

/** @throws ZooError `USAGE` for options that contradict each other; `DATA` for labels that make no head. */
export async function headFor(dataset: Dataset, options: OptionValues): Promise<Head> {
  const { labels } = dataset;
  const hidden = count(options, 'hidden');
  const dropout = number(options, 'dropout', 0, 1);
  const k = count(options, 'neighbours');
  const scaling = choice(options, 'scaling', SCALINGS) ?? usualScaling(options);
  const name = choice(options, 'head', HEADS) ?? (hidden === undefined ? kindFor(dataset) : 'hidden');
  await refuseUnused(name, { hidden, dropout, neighbours: k });
  if (name.startsWith('nearest')) await refuseScaling(choice(options, 'scaling', SCALINGS), name);
  switch (name) {
    case 'linear':
      return (await import('../transfer/heads/classifier.js')).classifier({ labels, scaling });
    case 'hidden': {
      const { classifier } = await import('../transfer/heads/classifier.js');
      return classifier({ labels, hidden: hidden ?? HIDDEN_UNITS, dropout, scaling });
    }
    case 'multi-label':
      return (await import('../transfer/heads/multi-label.js')).multiLabel({ labels, scaling });
    case 'regression':
      return (await import('../transfer/heads/regressor.js')).regressor({ scaling });
    case 'nearest-mean':
      return (await import('../transfer/heads/nearest-mean.js')).nearestMean({ labels });
    case 'nearest-neighbours':
      return (await import('../transfer/heads/nearest-neighbours.js')).nearestNeighbours({ labels, k });
  }
}

/**
 * Standardising gives features that hardly vary large weights: the first steps of a network that learns too would throw
 * it off. Measured on 50 digits: loss from 0.001 to 45 after two steps of Adam at 0.0001; with unit length 0.10 to 0.14.
 */
function usualScaling(options: OptionValues): Scaling | undefined {
  return (text(options, 'train') ?? 'head') === 'head' ? undefined : 'unit-length';
}

function kindFor({ examples, labels }: Dataset): HeadName {
  if (labels.length === 0 && examples.some(({ target }) => target !== undefined)) return 'regression';
  return examples.some((example) => example.labels.length > 1) ? 'multi-label' : 'linear';
}

async function refuseScaling(scaling: Scaling | undefined, name: HeadName): Promise<void> {
  if (scaling === undefined) return;
  const { ZooError } = await import('../core/errors.js');
  throw new ZooError('USAGE', `--scaling means nothing for the head ${name}`, { found: scaling });
}

const USED_BY: Readonly<Record<string, HeadName>> = {
  hidden: 'hidden',
  dropout: 'hidden',
  neighbours: 'nearest-neighbours',
};

async function refuseUnused(
  name: HeadName,
  given: Readonly<Record<string, number | undefined>>,
): Promise<void> {
  const unused = Object.keys(given).find((key) => given[key] !== undefined && USED_BY[key] !== name);
  if (unused === undefined) return;
  const { ZooError } = await import('../core/errors.js');
  throw new ZooError('USAGE', `--${unused} means nothing for the head ${name}`, {
    expected: `--head ${USED_BY[unused]}`,
    found: `--head ${name}`,
  });
}
