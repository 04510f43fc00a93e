/** The table of heads, and heads from their descriptions. */
import * as z from 'zod';
import { ZooError } from '../../core/errors.js';
import { hiddenKind, linearKind } from './classifier.js';
import type { Head } from './head.js';
import type { HeadKind } from './head-kind.js';
import { multiLabelKind } from './multi-label.js';
import { nearestMeanKind } from './nearest-mean.js';
import { nearestNeighboursKind } from './nearest-neighbours.js';
import { regressionKind } from './regressor.js';

export const HEAD_KINDS: readonly HeadKind[] = [
  linearKind,
  hiddenKind,
  multiLabelKind,
  regressionKind,
  nearestMeanKind,
  nearestNeighboursKind,
];

const described = z.looseObject({ kind: z.string() });

/**
 * The head that `describe()` described.
 * @throws ZooError `INTEGRITY` for anything else, such as a kind that this version does not know.
 */
export function readHead(description: unknown): Head {
  const read = described.safeParse(description);
  if (!read.success) throw new ZooError('INTEGRITY', 'This describes no head', { cause: read.error });
  const { kind: name, ...options } = read.data;
  const kind = HEAD_KINDS.find((known) => known.kind === name);
  if (kind === undefined) {
    throw new ZooError('INTEGRITY', `Unknown kind of head: ${JSON.stringify(name.slice(0, 100))}`, {
      expected: HEAD_KINDS.map((known) => known.kind).join(', '),
      hint: 'It may come from a later version of neuralzoo.',
    });
  }
  const checked = kind.options.safeParse(options);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    throw new ZooError('INTEGRITY', `The description of the head is malformed: ${issue?.path.join('.')}`, {
      found: issue?.message,
      cause: checked.error,
    });
  }
  try {
    return kind.make(checked.data);
  } catch (cause) {
    // What would be the user's mistake elsewhere is a malformed file here.
    if (!(cause instanceof ZooError)) throw cause;
    const { message, expected, found } = cause;
    throw new ZooError('INTEGRITY', `The description of the head is malformed: ${message}`, {
      expected,
      found,
      cause,
    });
  }
}
