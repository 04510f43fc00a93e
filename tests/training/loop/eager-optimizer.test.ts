/** Five steps of each optimiser against Keras 3: scripts/golden/optimizers.py. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { type Tensor, type Tensor2D, tf } from '../../../src/runtime/tensorflow.js';
import { EagerOptimizer } from '../../../src/training/loop/eager-optimizer.js';
import { type Optimizer, optimizerOf } from '../../../src/training/loop/optimizer.js';
import { meanLoss } from '../../../src/transfer/heads/loss.js';

interface Golden {
  readonly cases: Readonly<
    Record<string, { losses: readonly number[]; weights: readonly (readonly number[])[] }>
  >;
}

const { cases }: Golden = JSON.parse(
  await readFile(new URL('../../golden/optimizers.json', import.meta.url), 'utf8'),
);

const numbers = (k: number, ...shape: number[]) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, index) => (((index * k) % 19) - 9) / 16),
    shape,
  );
};

function batch(step: number): { inputs: Tensor2D; targets: Tensor2D } {
  const classes = Array.from({ length: 6 }, (_, index) => (index + step) % 3);
  const targets = classes.flatMap((one) => [0, 1, 2].map((other) => (one === other ? 1 : 0)));
  return { inputs: numbers(31 + 2 * step, 6, 4).as2D(6, 4), targets: tf.tensor2d(targets, [6, 3]) };
}

const adam = optimizerOf('adam');
const RULES: Readonly<Record<string, [Optimizer, number?]>> = {
  sgd: [{ kind: 'sgd', momentum: 0 }],
  momentum: [optimizerOf('sgd')],
  adam: [adam],
  adamw: [optimizerOf('adamw', 0.1)],
  clipped: [adam, 0.1],
};

it.each(Object.keys(RULES))('%s', (name) => {
  const [rule, clip] = RULES[name] ?? [adam];
  const golden = cases[name];
  tf.tidy(() => {
    const initial: readonly Tensor[] = [numbers(7, 4, 8), numbers(3, 8), numbers(11, 8, 3), numbers(5, 3)];
    const variables = initial.map((value) => tf.variable(value));
    const [k1, b1, k2, b2] = variables;
    if (k1 === undefined || b1 === undefined || k2 === undefined || b2 === undefined) throw new Error('four');
    const optimizer = new EagerOptimizer(
      rule,
      variables.map((variable) => ({ variable, factor: 1 })),
      clip,
    );
    const losses = Array.from({ length: 5 }, (_, step) => {
      const { inputs, targets } = batch(step);
      const { value, grads } = tf.variableGrads(
        () =>
          meanLoss(
            'softmax',
            inputs.matMul(k1).add(b1).relu().matMul<Tensor2D>(k2).add<Tensor2D>(b2),
            targets,
          ),
        variables,
      );
      optimizer.apply(
        variables.map((variable) => grads[variable.name] ?? tf.zerosLike(variable)),
        0.05,
      );
      return value.dataSync()[0] ?? Number.NaN;
    });
    optimizer.dispose();
    for (const [step, loss] of losses.entries())
      expect(loss).toBeCloseTo(golden?.losses[step] ?? Number.NaN, 5);
    for (const [index, variable] of variables.entries()) {
      const wanted = golden?.weights[index] ?? [];
      const values = variable.dataSync();
      expect(values).toHaveLength(wanted.length);
      for (const [at, value] of values.entries())
        expect(Math.abs(value - (wanted[at] ?? Number.NaN))).toBeLessThan(1e-5);
      variable.dispose();
    }
  });
});
