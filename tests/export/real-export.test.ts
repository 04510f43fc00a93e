/** Real networks, fine-tuned or adapted, exported and asked by plain TensorFlow.js. */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeDataset } from '../../src/data/make-dataset.js';
import { sampleDataset } from '../../src/data/sample-dataset.js';
import { exportModel, exportNetwork } from '../../src/export/export-model.js';
import { readStateDict } from '../../src/formats/pytorch/read-state-dict.js';
import { readSafetensors } from '../../src/formats/safetensors/read-safetensors.js';
import { readTfjsModel } from '../../src/formats/tfjs-model.js';
import { readQuantised } from '../../src/formats/tfjs-weights.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { openZoo } from '../../src/training/adapting-zoo.js';
import { readAdapted } from '../../src/transfer/adapted/read-adapted.js';
import { classifier } from '../../src/transfer/heads/classifier.js';
import { openNetwork } from '../../src/transfer/open-network.js';
import { loadPlainGraph } from '../formats/plain-tfjs.js';
import { CHECKOUT_HOME } from '../support/checkout-home.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { example } from '../transfer/sample-data.js';
import { answersOf, differs, noise } from './adapted-models.js';

const zoo = await openZoo({ home: CHECKOUT_HOME });
afterAll(() => zoo.close());

it('MobileNetV2, all layers fine-tuned on digits', async () => {
  const { sample: train } = sampleDataset(await zoo.data('dataset/digits'), 3, 0);
  const size = { height: 64, width: 64 };
  const backbone = await zoo.backbone('mobilenet-v2', { prepare: { size } });
  const trained = backbone.withHead(classifier({ labels: train.labels, scaling: 'unit-length' }));
  await trained.fit(train, { train: 'all', fineTune: { epochs: 1 } });
  const folder = join(await temporaryFolder('adapted'), 'digits');
  const card = await trained.save(folder);
  trained.dispose();
  const { changed } = await readAdapted(folder);
  expect(changed.size).toBe(156);

  const model = await zoo.load(folder);
  const inputs = noise(64);
  const expected = await answersOf(model, inputs);
  const graph = await exportModel(model, card, `${folder}-graph`, { format: 'tfjs-graph' });
  expect(graph.difference).toBeLessThan(1e-5);
  expect(graph.card).toMatchObject({
    name: 'digits',
    input: { shape: [null, 64, 64, 3], layout: 'NHWC', crop: { centre: [64, 64] } },
    output: { units: 10, labels: train.labels },
    features: { width: 1280 },
  });
  const plain = await loadPlainGraph(`${folder}-graph`);
  expect(differs(plain, inputs, expected)).toBeLessThan(1e-5);

  await exportModel(model, card, `${folder}-native`, { format: 'saved-model' });
  const served = await tf.node.loadSavedModel(`${folder}-native`);
  const answer = served.predict({ input: inputs });
  const scores = answer instanceof tf.Tensor || Array.isArray(answer) ? undefined : answer.scores;
  expect(scores?.size).toBe(20);
  Array.from(scores?.dataSync() ?? [], (score, index) => expect(score).toBeCloseTo(expected[index] ?? 9, 5));
  tf.dispose([inputs, answer]);
  for (const one of [model, plain, served]) one.dispose();
});

it('MobileNetV2 as safetensors has the tensors of its PyTorch file, in their layout', async () => {
  const { card, path: folder } = await zoo.pull('mobilenet-v2');
  const network = await openNetwork(folder, card);
  const target = join(await temporaryFolder('weights'), 'out');
  await exportNetwork({ network, card, folder }, target, { format: 'safetensors' });
  network.dispose();
  const file = card.files.find(({ role }) => role === 'weights')?.path ?? '';
  const original = await readStateDict(join(folder, file));
  const { weights } = await readSafetensors(join(target, 'model.safetensors'));
  expect(weights.size).toBe(262);
  for (const [name, weight] of weights) expect(weight, name).toEqual(original.get(name));
});

it('Guesslang, which reads strings and is quantised: its own bytes again', async () => {
  const labels = ['code', 'prose'];
  const texts = [
    'int main(void) { return 0; }',
    'It was a dark night.',
    'for (;;) {}',
    'We went home early.',
  ];
  const backbone = await zoo.backbone('guesslang');
  const model = backbone.withHead(classifier({ labels, scaling: 'none' }));
  const folder = await temporaryFolder('texts');
  const examples = texts.map((text, index) =>
    example(`t:${index}`, () => ({ kind: 'text', text }), [labels[index % 2] ?? '']),
  );
  await model.fit(makeDataset({ modality: 'text', origin: 'texts', examples }));
  const card = await model.save(join(folder, 'adapted'));
  const target = join(folder, 'out');
  const exported = await exportModel(model, card, target, { format: 'tfjs-graph', quantisation: 'original' });
  expect(exported.card.format.quantised).toBe('uint8');
  const [before, after] = await Promise.all([
    readQuantised(await readTfjsModel(backbone.folder ?? '', backbone.card)),
    readQuantised(await readTfjsModel(target, exported.card)),
  ]);
  expect(after.size).toBeGreaterThan(0);
  for (const [name, packed] of after) expect(packed, name).toEqual(before.get(name));

  const plain = await loadPlainGraph(target);
  const prepared = await Promise.all(texts.map((text) => model.preparer.prepare({ kind: 'text', text })));
  const { inputs } = model.preparer.batch(prepared);
  const answer = await plain.executeAsync(inputs as Tensor); // of strings, one input
  const scores = Array.isArray(answer) ? [] : Array.from(await answer.data());
  const expected = await model.scores(prepared);
  expect(scores.length).toBe(expected.length);
  for (const [index, score] of scores.entries()) expect(score).toBeCloseTo(expected[index] ?? 9, 5);
  tf.dispose([inputs, answer]);
  plain.dispose();
  model.dispose();
});
