/** The readers against real networks, and the published cards against what their files say. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeFiles } from '../../../src/registry/describe/describe-files.js';
import { parseCard } from '../../../src/registry/parse-card.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const shared = join(root, '../shared/models');
const here = existsSync(shared);
if (!here)
  process.stderr.write('tests/registry/describe/real-files: ../shared/models is not here, skipped\n');

const cases = [
  { card: 'image/mobilenet-v1-025', folder: 'mobilenet-v1-025-imagenet', from: '' },
  { card: 'audio/crepe-tiny', folder: 'crepe-tiny', from: '' },
  { card: 'audio/keyword-spotting-dscnn', folder: 'tiny-kws-dscnn', from: 'kws_ref_model/' },
  { card: 'image/resnet8-cifar10', folder: 'tiny-resnet8-cifar10', from: '' },
  { card: 'image/visual-wake-words', folder: 'tiny-vww-mobilenet-v1-025', from: '' },
];

describe.skipIf(!here)('real files', () => {
  it.each(cases)('$card: what the files tell agrees with the card', async ({ card: name, folder, from }) => {
    const card = parseCard(readFileSync(join(root, 'registry', name, '1.0.0.json'), 'utf8'), name);
    const files = card.files
      .filter(({ role }) => role === 'topology' || role === 'weights')
      .map(({ path }) => ({ path, file: join(shared, folder, from + path) }))
      .map((each) => ({ ...each, size: statSync(each.file).size }));
    const described = await describeFiles(files);
    expect(described.format.name).toBe(card.format.name);
    for (const { path, role } of card.files) {
      if (role === 'topology' || role === 'weights') expect(described.roles[path]).toBe(role);
    }
    if (described.parameters !== undefined) expect(described.parameters).toBe(card.parameters);
    if (described.input?.shape !== undefined) expect(described.input.shape).toEqual(card.input?.shape);
    if (described.output?.units !== undefined) expect(described.output.units).toBe(card.output?.units);
    if (described.features !== undefined) {
      expect(described.features.layer).toBe(card.features?.layer);
      expect(described.features.width).toBe(card.features?.width);
    }
  });

  it('finds the cut of layers models by itself', async () => {
    const file = join(shared, 'crepe-tiny/model.json');
    const described = await describeFiles([{ path: 'model.json', file, size: statSync(file).size }]);
    expect(described.parameters).toBe(487_096);
    expect(described.output).toEqual({ layer: 'crepe_classifier', units: 360, activation: 'sigmoid' });
    expect(described.features).toMatchObject({
      layer: 'crepe_flatten',
      width: 256,
      head: 'crepe_classifier',
    });
  });

  it('counts the variables of a SavedModel without those of its optimizer', async () => {
    const file = join(shared, 'tiny-kws-dscnn/kws_ref_model/saved_model.pb');
    const described = await describeFiles([{ path: 'saved_model.pb', file, size: statSync(file).size }]);
    expect(described.parameters).toBe(24_908);
    expect(described.format.detail).toBe('TensorFlow 2.3.2');
    expect(described.input).toMatchObject({ name: 'serving_default_input_1:0', shape: [null, 49, 10, 1] });
    expect(described.output).toMatchObject({ layer: 'StatefulPartitionedCall:0', units: 12 });
  });

  it('sees that a TensorFlow Lite file has integer weights, whatever its name says', async () => {
    const file = join(shared, 'tiny-kws-dscnn/kws_ref_model_float32.tflite');
    const described = await describeFiles([{ path: 'a.tflite', file, size: statSync(file).size }]);
    expect(described.format.quantised).toBe('int8');
    expect(described.output).toMatchObject({ units: 12, activation: 'softmax' });
    expect(described.features).toMatchObject({ width: 64 });
  });
});
