/** The new output layer that a person asks for, or that the labels of the data ask for. */
import type { Dataset } from '../data/dataset.js';
import type { Head } from '../transfer/heads/head.js';
import type { OptionSpec, OptionValues } from './command.js';
import { choice, count, number } from './options.js';

const HEADS = [
  'linear',
  'hidden',
  'multi-label',
  'regression',
  'nearest-mean',
  'nearest-neighbours',
] as const;
type HeadName = (typeof HEADS)[number];

export const HEAD_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--head <kind>',
    description: `${HEADS.join(', ')} (default: linear, or as the labels ask)`,
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
  { flags: '--neighbours <k>', description: 'that vote in nearest-neighbours (default: 3)' },
];

const HIDDEN_UNITS = 128;

/** @throws ZooError `USAGE` for options that contradict each other; `DATA` for labels that make no head. */
export async function headFor(dataset: Dataset, options: OptionValues): Promise<Head> {
  const { labels } = dataset;
  const hidden = count(options, 'hidden');
  const dropout = number(options, 'dropout', 0, 1);
  const k = count(options, 'neighbours');
  const name = choice(options, 'head', HEADS) ?? (hidden === undefined ? kindFor(dataset) : 'hidden');
  await refuseUnused(name, { hidden, dropout, neighbours: k });
  switch (name) {
    case 'linear':
      return (await import('../transfer/heads/classifier.js')).classifier({ labels });
    case 'hidden': {
      const { classifier } = await import('../transfer/heads/classifier.js');
      return classifier({ labels, hidden: hidden ?? HIDDEN_UNITS, dropout });
    }
    case 'multi-label':
      return (await import('../transfer/heads/multi-label.js')).multiLabel({ labels });
    case 'regression':
      return (await import('../transfer/heads/regressor.js')).regressor();
    case 'nearest-mean':
      return (await import('../transfer/heads/nearest-mean.js')).nearestMean({ labels });
    case 'nearest-neighbours':
      return (await import('../transfer/heads/nearest-neighbours.js')).nearestNeighbours({ labels, k });
  }
}

function kindFor({ examples, labels }: Dataset): HeadName {
  if (labels.length === 0 && examples.some(({ target }) => target !== undefined)) return 'regression';
  return examples.some((example) => example.labels.length > 1) ? 'multi-label' : 'linear';
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
