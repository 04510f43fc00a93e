/** How a head, or network and head together, are trained: what a person asks for, as the library takes it. */
import type { TrainOptions } from '../training/adapted-model.js';
import type { Schedule } from '../training/loop/schedule.js';
import type { OptionSpec, OptionValues } from './command.js';
import { choice, count, dashed, flag, number, text } from './options.js';

const SOLVERS = ['lbfgs', 'adam', 'adamw', 'sgd'] as const;
/** Written out: the module of the schedules is loaded when something is trained. */
const SCHEDULES = ['cosine', 'constant', 'one-cycle'] as const satisfies readonly Schedule[];

const STATISTICS = ['stored', 'batch'] as const;

export const TUNING_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--c <value>',
    description:
      'of the head: the larger, the weaker the penalty on large weights (default: by cross-validation)',
  },
  {
    flags: '--optimizer <name>',
    description: 'of the head: lbfgs to convergence (default), adam, sgd; of all: adam (default), adamw, sgd',
    completion: SOLVERS,
  },
  {
    flags: '--epochs <n>',
    description: 'of adam, adamw and sgd (default: 100 for the head; for all 10, and 60 steps at least)',
  },
  {
    flags: '--learning-rate <x>',
    description:
      'of adam and sgd (default: 0.001 and 0.01 for the head, 0.0003 and 0.001 for all); of all also find: tries rates',
  },
  {
    flags: '--batch-size <n>',
    description: 'of adam, adamw and sgd (default: 32 for the head, 16 for all)',
  },
  {
    flags: '--accumulate <n>',
    description: 'of all: batches go through the network in so many parts, for less memory (default: 1)',
  },
  {
    flags: '--schedule <name>',
    description: 'of all: how the learning rate changes (default: cosine)',
    completion: SCHEDULES,
  },
  {
    flags: '--depth-rate <share>',
    description: 'of all: the first layer learns with this share of the rate, such as 0.1 (default: 1)',
  },
  {
    flags: '--batch-norm <statistics>',
    description:
      'of all: what batch normalisation takes: stored statistics (default), or those of each batch',
    completion: STATISTICS,
  },
  { flags: '--weight-decay <x>', description: 'of adamw (default: 0.004)' },
  { flags: '--augment', description: 'of all: vary each example by chance, anew in every epoch' },
  {
    flags: '--early-stopping <epochs>',
    description:
      'of all: keep a fifth of the examples out, stop when so many epochs brought nothing for them, keep the best',
  },
  { flags: '--restart', description: 'of all: do not go on from where a run that was interrupted had come' },
];

/** Options that only training more than the head uses. */
const OF_ALL = [
  'accumulate',
  'schedule',
  'depthRate',
  'batchNorm',
  'weightDecay',
  'augment',
  'earlyStopping',
  'restart',
] as const;

/** @throws ZooError `USAGE` for values out of range, and options that what is trained does not use. */
export async function tuningOptions(
  options: OptionValues,
): Promise<TrainOptions & { readonly train: string; readonly seed: number }> {
  const train = text(options, 'train') ?? 'head';
  const optimizer = choice(options, 'optimizer', SOLVERS);
  const finds = text(options, 'learningRate') === 'find';
  const shared = {
    train,
    seed: count(options, 'seed', 0) ?? 0,
    copies: count(options, 'copies', 0),
    c: number(options, 'c', 1e-12, 1e12),
  };
  const steps = { epochs: count(options, 'epochs'), batchSize: count(options, 'batchSize') };
  const learningRate = finds ? undefined : number(options, 'learningRate', 0, 1e3);
  if (train === 'head') {
    await refuseUnused(options, finds);
    if (optimizer !== 'adamw') return { ...shared, ...steps, learningRate, solver: optimizer };
    throw await wrongOptimizer(optimizer, 'the head alone', 'lbfgs, adam, sgd');
  }
  if (optimizer === 'lbfgs') throw await wrongOptimizer(optimizer, 'a whole network', 'adam, adamw, sgd');
  const patience = count(options, 'earlyStopping');
  return {
    ...shared,
    fineTune: {
      ...steps,
      optimizer,
      learningRate: finds ? 'find' : learningRate,
      accumulate: count(options, 'accumulate'),
      schedule: choice(options, 'schedule', SCHEDULES),
      depthRate: number(options, 'depthRate', 1e-6, 1),
      normalisation: choice(options, 'batchNorm', STATISTICS),
      weightDecay: number(options, 'weightDecay', 0, 1),
      augment: flag(options, 'augment') ? {} : undefined,
      earlyStopping: patience === undefined ? undefined : { patience },
    },
  };
}

async function refuseUnused(options: OptionValues, finds: boolean): Promise<void> {
  const unused = OF_ALL.find((name) => options[name] !== undefined && options[name] !== false);
  if (unused === undefined && !finds) return;
  const { ZooError } = await import('../core/errors.js');
  const typed = unused === undefined ? '--learning-rate find' : dashed(unused);
  throw new ZooError('USAGE', `${typed} means nothing where the head alone learns`, {
    expected: '--train all, auto, or a layer',
    found: '--train head',
  });
}

async function wrongOptimizer(found: string, what: string, expected: string): Promise<Error> {
  const { ZooError } = await import('../core/errors.js');
  return new ZooError('USAGE', `${found} does not train ${what}`, { expected, found });
}
