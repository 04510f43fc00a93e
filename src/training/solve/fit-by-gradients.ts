/** Adam or SGD in batches, for heads with hidden layers, and for linear ones when asked. */
import { setImmediate as breathe } from 'node:timers/promises';
import { ZooError } from '../../core/errors.js';
import { checkCount } from '../../data/check-number.js';
import { Random } from '../../data/random.js';
import type { Weights } from '../../formats/weight.js';
import { type Tensor, type Tensor2D, tf, type Variable } from '../../runtime/tensorflow.js';
import type { Differentiable, Head } from '../../transfer/heads/head.js';
import { type Loss, meanLoss } from '../../transfer/heads/loss.js';
import { foldStandard, standardised, standardOf } from '../../transfer/heads/standardise.js';
import { float32 } from '../../transfer/heads/weight-data.js';
import { DEFAULT_C, type LinearRows } from './fit-linear.js';
import type { FitOptions } from './fit-options.js';
import { decayOf } from './linear-objective.js';
import { Momentum } from './momentum.js';

const DEFAULT_EPOCHS = 100;
const DEFAULT_BATCH = 32;
const DEFAULT_RATE = { adam: 1e-3, sgd: 1e-2 };
/** Momentum of SGD, as BiT. */
const MOMENTUM = 0.9;

export interface GradientFit {
  readonly parameters: Weights;
  /** Mean loss and penalty over the last epoch. */
  readonly objective: number;
  readonly steps: number;
}

/**
 * Minimises the same objective as L-BFGS. The same seed gives the same batches, start and dropped units.
 * @throws ZooError `NO_RUNTIME`; `USAGE` for settings out of range; `FAILED` where the loss becomes infinite.
 */
export async function fitByGradients(
  head: Head,
  parts: Differentiable,
  loss: Loss,
  data: LinearRows,
  solver: 'adam' | 'sgd',
  options: FitOptions,
): Promise<GradientFit> {
  const settings = settingsOf(solver, options);
  const { rows, width } = data;
  const seed = options.seed ?? 0;
  const standard = head.scaling === 'standardise' ? standardOf(data.features, rows, width) : undefined;
  const scaled =
    standard === undefined
      ? data.features
      : standardised(data.features, rows, standard, new Float32Array(rows * width));
  const initial = parts.initial(width, Random.seeded(seed, 'initial weights'));
  const table = [
    tf.tensor2d(scaled, [rows, width]),
    tf.tensor2d(Float32Array.from(data.targets), [rows, head.outputs]),
    tf.tensor1d(Float32Array.from(data.weights)),
  ] as const;
  const variables = parts.names.map((name) => variableOf(initial, name));
  const optimizer =
    solver === 'adam' ? tf.train.adam(settings.rate) : new Momentum(settings.rate, MOMENTUM, variables);
  const { weights } = data;
  const decay =
    head.fitting.by === 'linear'
      ? decayOf({ loss, outputs: head.outputs, weights, c: settings.c })
      : 1 / (settings.c * weights.reduce((sum, weight) => sum + weight, 0));
  const penalised = variables.filter((_, index) => parts.penalised.includes(parts.names[index] ?? ''));
  const shuffling = Random.seeded(seed, 'batches');
  const dropping = Random.seeded(seed, 'dropout');
  let [objective, steps] = [Number.NaN, 0];
  try {
    for (let epoch = 0; epoch < settings.epochs; epoch++) {
      options.onProgress?.({ phase: 'training', done: epoch, total: settings.epochs });
      await breathe();
      objective = 0;
      const order = shuffling.shuffled(Array.from({ length: rows }, (_, row) => row));
      for (let from = 0; from < rows; from += settings.batchSize) {
        options.signal?.throwIfAborted();
        const batch = order.slice(from, from + settings.batchSize);
        const dropout = dropping.uint32();
        const cost = optimizer.minimize(
          () => batchObjective(table, batch, parts, loss, variables, penalised, decay, dropout),
          true,
          [...variables],
        );
        objective += costOf(cost) * (batch.length / rows);
        steps += 1;
      }
      if (!Number.isFinite(objective)) throw diverged(settings.rate, epoch);
    }
    options.onProgress?.({ phase: 'training', done: settings.epochs, total: settings.epochs });
    const parameters = new Map(
      parts.names.map((name, index) => {
        const { shape, values } = readVariable(variables[index]);
        return [name, float32(shape, values)] as const;
      }),
    );
    return {
      parameters: standard === undefined ? parameters : foldStandard(parts, parameters, standard),
      objective,
      steps,
    };
  } finally {
    optimizer.dispose();
    for (const tensor of [...table, ...variables]) tensor.dispose();
  }
}

function batchObjective(
  [features, targets, weights]: readonly [Tensor2D, Tensor2D, Tensor],
  batch: readonly number[],
  parts: Differentiable,
  loss: Loss,
  variables: readonly Variable[],
  penalised: readonly Variable[],
  decay: number,
  dropout: number,
) {
  const rows = tf.tensor1d(Int32Array.from(batch), 'int32');
  const outputs = parts.apply(tf.gather<Tensor2D>(features, rows), variables, (units, rate) =>
    tf.dropout(units, rate, undefined, dropout),
  );
  const mean = meanLoss(loss, outputs, tf.gather<Tensor2D>(targets, rows), tf.gather(weights, rows));
  return penalised
    .reduce<Tensor>(
      (sum, variable) =>
        sum.add(
          variable
            .square()
            .sum()
            .mul(decay / 2),
        ),
      mean,
    )
    .asScalar();
}

function variableOf(weights: Weights, name: string): Variable {
  const weight = weights.get(name);
  if (weight === undefined) throw new RangeError(`the head gives no initial ${name}`);
  return tf.tidy(() => tf.variable(tf.tensor(weight.data, [...weight.shape], weight.dtype)));
}

function readVariable(variable: Variable | undefined): { shape: readonly number[]; values: Float32Array } {
  if (variable === undefined) throw new RangeError('a name without a variable');
  return { shape: variable.shape, values: variable.dataSync<'float32'>().slice() };
}

function costOf(cost: Tensor | null): number {
  if (cost === null) return Number.NaN;
  const value = cost.dataSync()[0] ?? Number.NaN;
  cost.dispose();
  return value;
}

function settingsOf(solver: 'adam' | 'sgd', options: FitOptions) {
  const settings = {
    epochs: options.epochs ?? DEFAULT_EPOCHS,
    batchSize: options.batchSize ?? DEFAULT_BATCH,
    rate: options.learningRate ?? DEFAULT_RATE[solver],
    c: typeof options.c === 'number' ? options.c : DEFAULT_C,
  };
  checkCount('epochs', settings.epochs);
  checkCount('examples in a batch', settings.batchSize);
  if (!(settings.rate > 0 && Number.isFinite(settings.rate))) {
    throw new ZooError('USAGE', 'Not a learning rate', { expected: 'more than 0', found: settings.rate });
  }
  return settings;
}

function diverged(rate: number, epoch: number): ZooError {
  return new ZooError('FAILED', 'Training diverged: the loss is no longer a number', {
    found: `epoch ${epoch + 1} with a learning rate of ${rate}`,
    hint: 'Try a tenth of the learning rate.',
  });
}
