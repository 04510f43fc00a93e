/** The encoders against transformers and torch: outputs, stages and gradients of tiny ones with weights from a formula. */
import { beforeAll, describe, expect, it } from 'vitest';
import { bertTopology } from '../../src/architectures/bert.js';
import { bertConfig } from '../../src/architectures/bert-config.js';
import { layeredNetwork } from '../../src/architectures/layered-network.js';
import type { Network } from '../../src/formats/network.js';
import type { Weight } from '../../src/formats/weight.js';
import { type Tensor, tf, type Variable } from '../../src/runtime/tensorflow.js';
import golden from '../golden/bert-tiny.json' with { type: 'json' };
import { thrownBy } from '../support/thrown-by.js';

type Case = (typeof golden.cases)[number];

/** Rows that are masked in the second text. */
const PADDED = 3;

function weightsOf({ weights }: Case): Map<string, Weight> {
  return new Map(
    weights.map(({ name, shape, norm }, j) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const data = Float32Array.from(
        { length: count },
        (_, i) => (norm ? 1 : 0) + 0.4 * Math.sin(0.7 * i + 1.3 * j),
      );
      return [name, { shape, dtype: 'float32', data } satisfies Weight];
    }),
  );
}

function networkOf(one: Case): Network {
  const topology = bertTopology(weightsOf(one), bertConfig(one.config), ['last_hidden_state', 'normalize']);
  return layeredNetwork('safetensors', topology);
}

function inputs(): Record<string, Tensor> {
  return {
    input_ids: tf.tensor2d(golden.input_ids, undefined, 'int32'),
    attention_mask: tf.tensor2d(golden.attention_mask, undefined, 'int32'),
  };
}

/** The loss of the golden file. */
function lossOf(embedding: Tensor): Tensor {
  const [rows = 0, width = 0] = embedding.shape;
  const weights = Array.from({ length: rows }, (_, k) =>
    Array.from({ length: width }, (_, i) => Math.cos(0.9 * i + k)),
  );
  return tf.sum(tf.mul(embedding, tf.tensor2d(weights)));
}

function expectNear(
  found: ArrayLike<number>,
  wanted: readonly number[],
  tolerance: number,
  what: string,
): void {
  expect(found.length, what).toBeGreaterThanOrEqual(wanted.length);
  const worst = Math.max(...wanted.map((value, index) => Math.abs(value - (found[index] ?? Number.NaN))));
  expect(worst, what).toBeLessThan(tolerance);
}

describe.each(golden.cases)('$name', (one) => {
  let network: Network;
  beforeAll(() => {
    network = networkOf(one);
    return () => network.dispose();
  });

  it('gives the stages, the pooler and the embedding of the authors', () => {
    const block = one.config.model_type === 'bert' ? 'encoder.layer.0' : 'transformer.layer.0';
    const stages: [string, number[]][] = [
      ['embeddings', one.embeddings],
      [block, one.first_block],
      ['last_hidden_state', one.last_hidden_state],
      ['normalize', one.embedding],
    ];
    if (one.pooler !== null) stages.push(['pooler', one.pooler]);
    tf.tidy(() => {
      const found = network.forward(
        inputs(),
        stages.map(([name]) => name),
      );
      for (const [index, [name, wanted]] of stages.entries()) {
        const tensor = found[index];
        expect(tensor?.size, name).toBe(wanted.length);
        expectNear(tensor?.dataSync() ?? [], wanted, 1e-5, name);
      }
    });
  });

  it('has the gradients of the authors, in every kind of parameter', () => {
    const variables = new Map<string, Variable>();
    for (const { name } of one.gradients) {
      const value = network.parameters.get(name)?.value;
      if (value === undefined) throw new Error(`no parameter ${name}`);
      const variable = tf.variable(value);
      variables.set(name, variable);
      network.assign(name, variable);
    }
    const given = inputs();
    const { value, grads } = tf.variableGrads(() => {
      const [embedding] = network.forward(given, ['normalize']);
      if (embedding === undefined) throw new Error('no embedding');
      return lossOf(embedding).asScalar();
    }, [...variables.values()]);
    expect(Math.abs((value.dataSync()[0] ?? 0) - one.loss)).toBeLessThan(1e-5);
    for (const { name, l2, first8 } of one.gradients) {
      const gradient = grads[variables.get(name)?.name ?? ''];
      if (gradient === undefined) throw new Error(`no gradient for ${name}`);
      // Kernels of dense layers lie the other way round in the file; tables and vectors do not.
      const turned = /(query|q_lin|dense|lin1)\.weight$/.test(name) ? tf.transpose(gradient) : gradient;
      expect(Math.abs((tf.norm(gradient).dataSync()[0] ?? 0) - l2), name).toBeLessThan(
        1e-4 * Math.max(1, l2),
      );
      expectNear(turned.dataSync(), first8, 2e-5 * Math.max(1, l2), name);
    }
    tf.dispose([value, grads, given]);
  });

  it('ignores what is under the mask, and gives each text alone the same as in a batch', () => {
    tf.tidy(() => {
      const { input_ids: ids, attention_mask: mask } = inputs();
      if (ids === undefined || mask === undefined) throw new Error('no inputs');
      const [together] = network.forward({ input_ids: ids, attention_mask: mask }, ['normalize']);
      const other = tf.where(tf.equal(mask, 1), ids, tf.scalar(30, 'int32'));
      const [changed] = network.forward({ input_ids: other, attention_mask: mask }, ['normalize']);
      const width = golden.input_ids[1]?.length ?? 0;
      const short = tf.slice(ids, [1, 0], [1, width - PADDED]);
      const [alone] = network.forward({ input_ids: short, attention_mask: tf.onesLike(short) }, [
        'normalize',
      ]);
      const wanted = [...(together?.dataSync() ?? [])];
      expectNear(changed?.dataSync() ?? [], wanted, 1e-6, 'other ids under the mask');
      expectNear(alone?.dataSync() ?? [], wanted.slice(wanted.length / 2), 1e-6, 'alone');
    });
  });

  it('frees all tensors that it makes', () => {
    const given = inputs();
    tf.dispose(network.forward(given));
    const before = tf.memory().numTensors;
    for (let pass = 0; pass < 20; pass++) tf.dispose(network.forward(given));
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(given);
  });
});

describe('gradients', () => {
  it('agree with finite differences of the loss', () => {
    const [one] = golden.cases;
    if (one === undefined) throw new Error('no case');
    const network = networkOf(one);
    const name = 'bert.encoder.layer.1.attention.self.value.weight';
    const start = network.parameters.get(name)?.value.clone();
    if (start === undefined) throw new Error('no value');
    const given = inputs();
    const loss = () => {
      const [embedding] = network.forward(given, ['normalize']);
      if (embedding === undefined) throw new Error('no embedding');
      return lossOf(embedding).asScalar();
    };
    const variable = tf.variable(start);
    network.assign(name, variable);
    const { grads } = tf.variableGrads(loss, [variable]);
    const gradient = grads[variable.name];
    if (gradient === undefined) throw new Error('no gradient');
    const lossAt = (value: Tensor) => {
      variable.assign(value);
      return tf.tidy(() => loss().dataSync()[0] ?? 0);
    };
    for (const seed of [1, 2, 3]) {
      const step = tf.tidy(() => tf.mul(tf.randomNormal(start.shape, 0, 1, 'float32', seed), 3e-3));
      const measured = (lossAt(tf.add(start, step)) - lossAt(tf.sub(start, step))) / 2;
      const computed = tf.tidy(() => tf.sum(tf.mul(gradient, step)).dataSync()[0] ?? 0);
      expect(Math.abs(measured - computed)).toBeLessThan(2e-6 + 0.01 * Math.abs(computed));
    }
    network.dispose();
  });
});

describe('files that do not fit', () => {
  const one = golden.cases[0];
  if (one === undefined) throw new Error('no case');
  const config = bertConfig(one.config);

  it('names a missing tensor and a wrong shape', async () => {
    const missing = weightsOf(one);
    missing.delete('bert.encoder.layer.1.output.dense.bias');
    expect(await thrownBy(() => bertTopology(missing, config))).toMatchObject({
      code: 'INTEGRITY',
      expected: 'bert.encoder.layer.1.output.dense.bias',
    });
    const other = await thrownBy(() => bertTopology(weightsOf(one), { ...config, intermediate: 24 }));
    expect(other).toMatchObject({
      code: 'INTEGRITY',
      expected: 'float32 [24, 12]',
      found: 'float32 [20, 12]',
    });
    const none = new Map([
      ['conv1.weight', { shape: [1], dtype: 'float32', data: new Float32Array(1) } as const],
    ]);
    expect((await thrownBy(() => bertTopology(none, config))).found).toBe('conv1.weight');
  });

  it.each([
    ['another architecture', { model_type: 'gpt2' }],
    ['another activation', { hidden_act: 'silu' }],
    ['relative positions', { position_embedding_type: 'relative_key' }],
    ['heads that do not divide', { num_attention_heads: 5 }],
    ['absurd sizes', { hidden_size: 1e12 }],
    ['no size', { vocab_size: undefined }],
  ])('refuses a configuration with %s', async (_, change) => {
    const error = await thrownBy(() => bertConfig({ ...one.config, ...change }));
    expect(error.code).toBe('INTEGRITY');
  });

  it('refuses texts that are longer than the positions', async () => {
    const network = networkOf(one);
    const ids = tf.ones([1, 11], 'int32');
    const error = await thrownBy(() => network.forward({ input_ids: ids, attention_mask: ids }));
    expect(error).toMatchObject({ code: 'DATA', expected: 'at most 10', found: 11 });
    network.dispose();
  });
});
