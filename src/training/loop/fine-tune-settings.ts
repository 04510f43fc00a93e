/** The settings of a run with their defaults, checked. */
import { checkCount } from '../../data/check-number.js';
import type { FineTuneOptions } from './fine-tune-options.js';
import { DEFAULT_RATES, optimizerOf } from './optimizer.js';
import { checkLoop } from './train-loop.js';

export type Settings = ReturnType<typeof settingsOf>;

/** @throws ZooError `USAGE` for what is out of range. */
export function settingsOf(options: FineTuneOptions, examples: number) {
  const { optimizer: name = 'adam', batchSize = BATCH_SIZE, seed = 0, signal, earlyStopping } = options;
  const settings = {
    optimizer: optimizerOf(name, options.weightDecay),
    learningRate: options.learningRate ?? DEFAULT_RATES[name],
    /** What is taken where none was found. */
    usualRate: typeof options.learningRate === 'number' ? options.learningRate : DEFAULT_RATES[name],
    depthRate: options.depthRate ?? 1,
    schedule: options.schedule ?? 'cosine',
    epochs: options.epochs ?? usualEpochs(examples, batchSize),
    batchSize,
    accumulate: options.accumulate ?? 1,
    clipNorm: options.clipNorm ?? 1,
    normalisation: options.normalisation ?? 'stored',
    augmented: options.augment !== undefined,
    patience: earlyStopping?.patience ?? 3,
    seed,
    signal,
  } as const;
  checkCount('parts of a batch', settings.accumulate);
  checkLoop({ ...settings, learningRate: settings.usualRate });
  return settings;
}

export const BATCH_SIZE = 16;
const EPOCHS = 10;
/** Ten epochs of a few examples are too few steps to learn anything. */
const LEAST_STEPS = 60;

/** Epochs where nobody says how many: 10, and as many more as make 60 steps. */
export function usualEpochs(examples: number, batchSize: number): number {
  const perEpoch = Math.max(1, Math.ceil(examples / batchSize));
  return Math.max(EPOCHS, Math.ceil(LEAST_STEPS / perEpoch));
}
