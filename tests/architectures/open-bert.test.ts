/** MiniLM as it is in the catalogue, from texts to embeddings, against the authors' own code. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BERT_CUTS } from '../../src/architectures/bert.js';
import { openBert } from '../../src/architectures/open-bert.js';
import { sha256OfFile } from '../../src/core/digest.js';
import type { EncodedIds } from '../../src/data/text/encoded-texts.js';
import { openTokenizer } from '../../src/data/text/open-tokenizer.js';
import type { Network } from '../../src/formats/network.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import full from '../golden/minilm-l6-v2.json' with { type: 'json' };
import half from '../golden/minilm-l6-v2-fp16.json' with { type: 'json' };
import { type RealModel, realModel } from '../support/real-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

/** The bar of the project; what is seen is below 1e-6 on embeddings. */
const TOLERANCE = 1e-4;

interface Facts {
  readonly shape: readonly number[];
  readonly first16: readonly number[];
  readonly sum: number;
  readonly l2: number;
  readonly argmax: number;
}

function expectFacts(tensor: Tensor | undefined, facts: Facts, what: string): void {
  expect(tensor?.shape, what).toEqual(facts.shape);
  const values = Float32Array.from(tensor?.dataSync() ?? []);
  for (const [index, value] of facts.first16.entries()) {
    expect(Math.abs((values[index] ?? Number.NaN) - value), `${what} ${index}`).toBeLessThan(TOLERANCE);
  }
  const l2 = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  expect(Math.abs(l2 - facts.l2), `${what}: L2 norm`).toBeLessThan(TOLERANCE * Math.max(1, facts.l2));
  expect(values.indexOf(Math.max(...values)), `${what}: largest`).toBe(facts.argmax);
}

function tensors({ ids, mask, batch, length }: EncodedIds): Record<string, Tensor> {
  return {
    input_ids: tf.tensor2d(ids, [batch, length], 'int32'),
    attention_mask: tf.tensor2d(mask, [batch, length], 'int32'),
  };
}

/** The ids of the golden file's formula case. */
const FORMULA = [101, ...Array.from({ length: 62 }, (_, index) => 1000 + ((7919 * index) % 28000)), 102];

describe.each([
  ['minilm-l6-v2', full],
  ['minilm-l6-v2-fp16', half],
] as const)('%s', (reference, golden) => {
  let model: RealModel;
  let network: Network;
  let encode: (texts: readonly string[]) => EncodedIds;
  const texts = golden.cases.flatMap((one) => (one.text === undefined ? [] : [one.text]));

  beforeAll(async () => {
    model = await realModel(reference);
    network = await openBert(model.folder, model.card);
    const tokenizer = await openTokenizer(model.folder, model.card);
    encode = (batch) => {
      const encoded = tokenizer.encode(batch);
      if (encoded.kind === 'ids') return encoded;
      throw new Error('it gives strings');
    };
  });
  afterAll(() => network.dispose());

  it('gives the stages, the features and the embedding of each text, from the text', async () => {
    expect(await sha256OfFile(join(model.folder, 'model.safetensors'))).toBe(golden.weights_sha256);
    const { layer, alternatives } = model.card.features ?? {};
    const cuts = [layer, ...(alternatives ?? []).map((other) => other.layer)].map(
      (cut) => BERT_CUTS[cut ?? ''],
    );
    expect(cuts).toEqual(['normalize', 'last_hidden_state']);
    expect(texts).toHaveLength(7);
    for (const one of golden.cases) {
      if (one.text === undefined) continue;
      const encoded = encode([one.text]);
      expect([...encoded.ids], one.text).toEqual(one.input_ids);
      tf.tidy(() => {
        const [embedding, pooled, last, first, embeddings] = network.forward(tensors(encoded), [
          'normalize',
          'pooling',
          'last_hidden_state',
          'encoder.layer.0',
          'embeddings',
        ]);
        expectFacts(embedding, one.output, `${one.text}: embedding`);
        expectFacts(pooled, one.features, `${one.text}: mean`);
        const stages: Readonly<Record<string, Facts | undefined>> = one.stages;
        for (const [tensor, stage] of [
          [last, 'last hidden state'],
          [first, 'layer 1 of 6'],
          [embeddings, 'embeddings (after LayerNorm) of all tokens'],
        ] as const) {
          const facts = stages[stage];
          if (facts === undefined) throw new Error(`no stage ${stage}`);
          expectFacts(tensor, facts, `${one.text}: ${stage}`);
        }
      });
    }
  });

  it('gives the same from token ids, without any text', () => {
    const formula = golden.cases.find(({ name }) => name === 'formula');
    if (formula === undefined) throw new Error('no such case');
    tf.tidy(() => {
      const ids = tf.tensor2d([FORMULA], undefined, 'int32');
      const [embedding, last] = network.forward({ input_ids: ids, attention_mask: tf.onesLike(ids) }, [
        'normalize',
        'last_hidden_state',
      ]);
      expectFacts(embedding, formula.output, 'embedding');
      expectFacts(last, formula.stages['last hidden state'], 'last hidden state');
    });
  });

  it('gives the same in one batch, where short texts are padded', () => {
    tf.tidy(() => {
      const [together] = network.forward(tensors(encode(texts)));
      if (together === undefined) throw new Error('no output');
      const values = together.dataSync();
      for (const [index, one] of golden.cases.entries()) {
        if (one.text === undefined) continue;
        for (const [at, value] of one.output.first16.entries()) {
          expect(Math.abs((values[index * 384 + at] ?? Number.NaN) - value)).toBeLessThan(TOLERANCE);
        }
      }
      const similar = tf.matMul(
        together.as2D(texts.length, 384),
        together.as2D(texts.length, 384),
        false,
        true,
      );
      const worst = tf.max(tf.abs(tf.sub(similar, tf.tensor2d(golden.cosine_similarities_of_the_texts))));
      expect(worst.dataSync()[0]).toBeLessThan(2e-5);
    });
  });

  it('keeps the number of tensors over many batches', () => {
    const given = tensors(encode(texts.slice(0, 2)));
    tf.dispose(network.forward(given));
    const before = tf.memory().numTensors;
    for (let pass = 0; pass < 30; pass++) tf.dispose(network.forward(given));
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(given);
  });

  it('frees the pooler, which the embedding does not need', () => {
    expect(network.parameters.size).toBe(103);
    expect(network.truncate(['normalize'])).toEqual(['pooler.dense.weight', 'pooler.dense.bias']);
    expect(network.outputs).toEqual([{ name: 'normalize', shape: [null, 384], dtype: 'float32' }]);
  });
});

describe('a folder that does not fit', () => {
  it('is refused with what is missing or wrong', async () => {
    const { folder, card } = await realModel('minilm-l6-v2');
    const bare = { ...card, files: card.files.filter(({ path }) => path !== 'config.json') };
    expect((await thrownBy(() => openBert(folder, bare))).code).toBe('NOT_FOUND');
    const own = await temporaryFolder('bert');
    const config = '{"model_type":"t5"}';
    await writeFile(join(own, 'config.json'), config);
    const files = card.files.map((file) =>
      file.path === 'config.json' ? { ...file, size: config.length } : file,
    );
    const error = await thrownBy(() => openBert(own, { ...card, files }));
    expect(error.code).toBe('INTEGRITY');
    expect(error.found).toContain('model_type');
  });
});
