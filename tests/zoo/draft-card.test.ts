/** `zoo index add`: what bytes and headers tell about a network, from packages and addresses. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { PIECE_SIZE } from '../../src/core/pieces.js';
import { checkCard } from '../../src/registry/parse-card.js';
import type { CardDraft } from '../../src/zoo/draft-card.js';
import { safetensors, tfjsLayers } from '../registry/describe/tiny-files.js';
import { tgzOf, zipOf } from '../support/archive-builder.js';
import { localServer, npmRegistry, pythonIndex } from '../support/fake-registries.js';
import { seededBytes, startFaultServer } from '../support/fault-server.js';
import { thrownBy } from '../support/thrown-by.js';
import { bytesAsked, useWorld } from '../support/zoo-world.js';

const world = useWorld();

/** What a person adds. */
const BY_HAND = {
  task: 'image-classification',
  summary: 'A tiny network, made up for a test.',
  license: { weights: 'MIT', statedIn: 'LICENSE of the package', checked: '2026-11-24' },
};

/** The draft with the missing fields filled in, checked as any card. */
function completed(draft: CardDraft, input: object) {
  const known = draft.card.input;
  const merged = known !== null && typeof known === 'object' ? { ...known, ...input } : input;
  return checkCard({ ...draft.card, ...BY_HAND, input: merged }, 'completed draft');
}

const PICTURES = { modality: 'image', layout: 'NHWC', colourOrder: 'RGB', range: [0, 1] };

describe('an npm package', () => {
  const { text, weights } = tfjsLayers(10);
  const tgz = tgzOf(
    { name: 'package/package.json', data: '{"name": "@team/tiny-net"}' },
    { name: 'package/LICENSE', data: 'MIT License' },
    { name: 'package/dist/index.js', data: 'export {}' },
    { name: 'package/models/v1/model.json', data: text },
    { name: 'package/models/v1/group1-shard1of1.bin', data: weights },
    { name: 'package/models/v2/model.json', data: text },
    { name: 'package/models/v2/group1-shard1of1.bin', data: weights },
  );

  async function registry() {
    const server = world.current.closeLater(await npmRegistry({ packages: { '@team/tiny-net@1.2.3': tgz } }));
    world.current.setEnv({ npm_config_registry: server.registry });
    return server;
  }

  it('gives model, weights and licence of a model.json that is named, with shapes, cut and roles', async () => {
    await registry();
    const zoo = await world.current.zoo();
    const draft = await zoo.draftCard(['npm:@team/tiny-net@1.2.3#models/v1/model.json']);
    expect(draft.card).toMatchObject({
      kind: 'model',
      name: 'tiny-net',
      version: '1.0.0',
      modality: 'image',
      format: { name: 'tfjs-layers' },
      parameters: 40,
      input: { shape: [null, 32, 32, 3], layout: 'NHWC' },
      output: { units: 10, activation: 'softmax' },
      features: { width: 3, head: 'classes' },
      archives: [
        {
          locator: 'npm:@team/tiny-net@1.2.3',
          name: 'tiny-net-1.2.3.tgz',
          size: tgz.length,
          sha256: sha256(tgz),
        },
      ],
    });
    expect(draft.card.files).toEqual([
      {
        path: 'LICENSE',
        role: 'license',
        size: 11,
        sha256: sha256('MIT License'),
        sources: ['npm:@team/tiny-net@1.2.3#LICENSE'],
      },
      {
        path: 'model.json',
        role: 'topology',
        size: Buffer.byteLength(text),
        sha256: sha256(text),
        sources: ['npm:@team/tiny-net@1.2.3#models/v1/model.json'],
      },
      {
        path: 'group1-shard1of1.bin',
        role: 'weights',
        size: weights.length,
        sha256: sha256(weights),
        sources: ['npm:@team/tiny-net@1.2.3#models/v1/group1-shard1of1.bin'],
      },
    ]);
    const missing = draft.missing.join('\n');
    for (const field of ['task', 'summary', 'license', 'training', 'input', 'labels']) {
      expect(missing).toContain(field);
    }
    expect(missing).not.toContain('modality');
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('gives a card that, completed by a person, can be pulled', async () => {
    const server = await registry();
    const zoo = await world.current.zoo();
    const card = completed(await zoo.draftCard(['npm:@team/tiny-net@1.2.3#models/v1']), PICTURES);
    const result = await zoo.pull(await world.current.save(card));
    expect(await readFile(join(result.path, 'model.json'), 'utf8')).toBe(text);
    expect(result.received).toBe(tgz.length);
    expect(server.asked.length).toBeGreaterThan(0);
  });

  it('takes everything when no path is named, and asks about what is not of the first network', async () => {
    await registry();
    const draft = await (await world.current.zoo()).draftCard(['npm:@team/tiny-net@1.2.3']);
    expect(draft.card.files).toHaveLength(7);
    expect(draft.card.files).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: 'models/v1/model.json', role: 'topology' }),
        expect.objectContaining({ path: 'models/v1/group1-shard1of1.bin', role: 'weights' }),
        expect.objectContaining({ path: 'models/v2/model.json', role: 'configuration' }),
      ]),
    );
    for (const path of ['models/v2/model.json', 'models/v2/group1-shard1of1.bin', 'dist/index.js']) {
      expect(draft.missing).toContain(`files: the role of ${path}`);
    }
  });

  it('keeps the package for another attempt when the path was wrong, and shows what is there', async () => {
    const w = { dtype: 'F32', shape: [1_500_000], data_offsets: [0, 6_000_000] };
    const tensors = Buffer.concat([safetensors({ w }, 0), seededBytes(1, 6_000_000)]);
    const large = tgzOf({ name: 'package/models/model.safetensors', data: tensors });
    const server = world.current.closeLater(await npmRegistry({ packages: { 'large@1.0.0': large } }));
    world.current.setEnv({ npm_config_registry: server.registry });
    const zoo = await world.current.zoo();
    const error = await thrownBy(() => zoo.draftCard(['npm:large@1.0.0#model/model.safetensors']));
    expect(error.code).toBe('NOT_FOUND');
    expect(error.found).toContain('models/model.safetensors');
    const sent = () => bytesAsked(server.asked, '/large/-/large-1.0.0.tgz', large.length);
    expect(sent()).toBeGreaterThanOrEqual(large.length);
    const before = sent();
    await zoo.draftCard(['npm:large@1.0.0#models/model.safetensors']);
    // One byte, to learn the size.
    expect(sent() - before).toBeLessThan(100);
    expect(await world.current.leftovers()).toEqual([]);
  });
});

describe('a wheel', () => {
  const kernel = { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] };
  const tensors = safetensors({ 'dense.weight': kernel }, 24);
  const wheel = zipOf([
    { name: 'tiny_net/data/model.safetensors', data: tensors },
    { name: 'tiny_net/__init__.py', data: '' },
    { name: 'tiny_net-1.0.dist-info/licenses/LICENSE.txt', data: 'BSD' },
  ]);
  const name = 'tiny_net-1.0-py3-none-any.whl';

  it('gives its weights and licence, with the wheel that was chosen', async () => {
    const index = world.current.closeLater(
      await pythonIndex({ projects: { 'tiny-net': [{ name, bytes: wheel }] }, style: 'html' }),
    );
    world.current.setEnv({ PIP_INDEX_URL: index.index });
    const zoo = await world.current.zoo();
    const draft = await zoo.draftCard(['pypi:tiny-net==1.0#tiny_net/data/model.safetensors']);
    expect(draft.card).toMatchObject({
      name: 'tiny-net',
      format: { name: 'safetensors' },
      parameters: 6,
      archives: [{ locator: 'pypi:tiny-net==1.0', name, size: wheel.length, sha256: sha256(wheel) }],
      files: [
        { path: 'model.safetensors', role: 'weights', sha256: sha256(tensors) },
        { path: 'LICENSE.txt', role: 'license', sha256: sha256('BSD') },
      ],
    });
    expect(draft.missing.join('\n')).toContain('modality');
    const card = completed(
      { ...draft, card: { ...draft.card, modality: 'image' } },
      {
        ...PICTURES,
        shape: [null, 8],
        dtype: 'float32',
      },
    );
    const result = await zoo.pull(await world.current.save(card));
    expect(await readFile(join(result.path, 'model.safetensors'))).toEqual(tensors);
    expect(await world.current.leftovers()).toEqual([]);
  });
});

describe('single files', () => {
  it('are hashed with their pieces, from an address and from this machine', async () => {
    const server = world.current.closeLater(await startFaultServer());
    const large = safetensors(
      { w: { dtype: 'F32', shape: [2_500_000], data_offsets: [0, 10_000_000] } },
      10_000_000,
    );
    const url = server.serve('models/big%20net.safetensors', large);
    await writeFile(join(world.current.cwd, 'labels.txt'), 'cat\ndog\n');
    const zoo = await world.current.zoo();
    const draft = await zoo.draftCard([url, 'file:labels.txt']);
    expect(draft.card).toMatchObject({
      format: { name: 'safetensors' },
      parameters: 2_500_000,
      files: [
        {
          path: 'big net.safetensors',
          size: large.length,
          pieces: [sha256(large.subarray(0, PIECE_SIZE)), sha256(large.subarray(PIECE_SIZE))],
          sources: [url],
        },
        { path: 'labels.txt', sources: ['file:labels.txt'] },
      ],
    });
    expect(draft.card).not.toHaveProperty('archives');
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('fail with a reason when they are not there', async () => {
    const server = world.current.closeLater(await startFaultServer());
    const registry = world.current.closeLater(await npmRegistry({ packages: {} }));
    world.current.setEnv({ npm_config_registry: registry.registry });
    const zoo = await world.current.zoo();
    for (const [locator, code] of [
      [`${server.origin}/nothing.bin`, 'NOT_FOUND'],
      ['file:nothing.bin', 'NOT_FOUND'],
      ['npm:nothing@1.0.0', 'NOT_FOUND'],
      ['http://127.0.0.1:9/x.bin', 'NETWORK'],
      ['nonsense', 'USAGE'],
    ] as const) {
      expect(await thrownBy(() => zoo.draftCard([locator])), locator).toMatchObject({ code });
    }
    expect(await thrownBy(() => zoo.draftCard([]))).toMatchObject({ code: 'USAGE' });
  });

  it('are not guessed at when the server does not tell their size', async () => {
    const server = world.current.closeLater(
      await localServer(() => ({ headers: { 'content-encoding': 'gzip' }, body: seededBytes(1, 100) })),
    );
    const zoo = await world.current.zoo();
    expect((await thrownBy(() => zoo.draftCard([`${server.origin}/w.bin`]))).exitCode).toBe(5);
  });
});
