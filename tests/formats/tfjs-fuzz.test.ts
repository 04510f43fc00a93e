/** Model files that are wrong in any way give a clear error or a network, never a crash, a hang or a leak. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ZooError } from '../../src/core/errors.js';
import { openTfjsGraph } from '../../src/formats/tfjs-graph/open-tfjs-graph.js';
import { openTfjsLayers } from '../../src/formats/tfjs-layers/open-tfjs-layers.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { named, tinyModels, type WrittenModel, writeTfjs } from './tiny-tfjs.js';

/** A value for any place of the JSON: other types, other sizes, names that are keys of every object. */
const strange = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e9,
    2 ** 40,
    1e300,
    1.5,
    '',
    '__proto__',
    'constructor',
    [],
    {},
    [[]],
    '^x',
    'x:1',
  ),
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.array(fc.integer({ min: -2, max: 2 ** 33 }), { maxLength: 4 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const change = fc.record({ place: fc.nat(), value: strange, remove: fc.boolean() });

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

function places(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent: Record<string, unknown> = value as Record<string, unknown>;
  return Object.keys(parent).flatMap((key) => [{ parent, key }, ...places(parent[key])]);
}

function changed(
  model: unknown,
  changes: readonly { place: number; value: unknown; remove: boolean }[],
): unknown {
  const copy: unknown = structuredClone(model);
  for (const { place, value, remove } of changes) {
    const all = places(copy);
    const chosen = all[place % Math.max(1, all.length)];
    if (chosen === undefined) continue;
    if (remove) delete chosen.parent[chosen.key];
    else chosen.parent[chosen.key] = structuredClone(value);
  }
  return copy;
}

/** Writes variants of a model into one folder and opens them; counts how they end. */
async function fuzz(model: WrittenModel, runs: number): Promise<{ opened: number; refused: number }> {
  const folder = await temporaryFolder('tfjs-fuzz');
  await cp(model.folder, folder, { recursive: true });
  const original: unknown = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const shards = (await readdir(folder)).filter((name) => name.startsWith('shard'));
  const contents = await Promise.all(shards.map((name) => readFile(join(folder, name))));
  const open = model.card.format.name === 'tfjs-graph' ? openTfjsGraph : openTfjsLayers;
  const before = tf.memory();
  const counts = { opened: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 0, maxLength: 3 }),
      fc.option(fc.record({ shard: fc.nat(), length: fc.nat({ max: 1200 }) }), { freq: 4 }),
      async (changes, cut) => {
        await writeFile(join(folder, 'model.json'), JSON.stringify(changed(original, changes)));
        for (const [index, name] of shards.entries()) {
          const bytes = contents[index] ?? Buffer.alloc(0);
          const isCut = cut !== null && cut.shard % shards.length === index;
          const longer = Buffer.concat([bytes, Buffer.alloc(1200)]);
          await writeFile(join(folder, name), isCut ? longer.subarray(0, cut.length) : bytes);
        }
        try {
          const network = await open(folder, model.card);
          counts.opened += 1;
          // What can be opened can be looked at.
          expect(network.layers.length).toBeGreaterThan(0);
          network.dispose();
        } catch (error) {
          if (!(error instanceof ZooError)) throw error;
          expect(['INTEGRITY', 'DATA']).toContain(error.code);
          expect(error.message.length).toBeLessThan(1000);
          counts.refused += 1;
        }
        expect(tf.memory().numTensors).toBe(before.numTensors);
      },
    ),
    { numRuns: runs },
  );
  return counts;
}

test('graphs', async () => {
  const { graphs } = await tinyModels();
  for (const name of ['map', 'spectrum']) {
    const { modelTopology, weights } = named(graphs, name);
    const counts = await fuzz(await writeTfjs('tfjs-graph', modelTopology, weights), 250);
    // Neither end alone would show anything.
    expect(counts.opened, name).toBeGreaterThan(10);
    expect(counts.refused, name).toBeGreaterThan(50);
  }
}, 240_000);

test('layers', async () => {
  const { layers } = await tinyModels();
  for (const name of ['vision', 'nested']) {
    const { modelTopology, weights } = named(layers, name);
    const counts = await fuzz(await writeTfjs('tfjs-layers', modelTopology, weights), 250);
    expect(counts.opened, name).toBeGreaterThan(10);
    expect(counts.refused, name).toBeGreaterThan(50);
  }
}, 240_000);

test('any JSON at all', async () => {
  const folder = await temporaryFolder('tfjs-any');
  const { card } = await writeTfjs('tfjs-graph', {}, {});
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue(),
      fc.jsonValue(),
      fc.boolean(),
      async (modelTopology, weightsManifest, whole) => {
        const json = whole ? modelTopology : { modelTopology, weightsManifest };
        await writeFile(join(folder, 'model.json'), JSON.stringify(json));
        for (const open of [openTfjsGraph, openTfjsLayers])
          await expect(open(folder, card)).rejects.toMatchObject({ code: 'INTEGRITY' });
      },
    ),
    { numRuns: 100 },
  );
});
