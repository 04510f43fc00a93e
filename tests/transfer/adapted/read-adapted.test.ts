/** Reading adapted models, whole ones and such as were damaged, forged or made for something else. */
import { cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import { cardDigest } from '../../../src/registry/canonical-card.js';
import {
  checkBackbone,
  checkBase,
  isAdaptedFolder,
  readAdapted,
} from '../../../src/transfer/adapted/read-adapted.js';
import { saveAdapted } from '../../../src/transfer/adapted/save-adapted.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { multiLabel } from '../../../src/transfer/heads/multi-label.js';
import { nearestMean } from '../../../src/transfer/heads/nearest-mean.js';
import { nearestNeighbours } from '../../../src/transfer/heads/nearest-neighbours.js';
import { regressor } from '../../../src/transfer/heads/regressor.js';
import { float32 } from '../../../src/transfer/heads/weight-data.js';
import { runScript } from '../../support/child-script.js';
import { sampleCard } from '../../support/sample-card.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';
import { BASE, fittedHead, forge, inJson, sampleContent, sampleFeatures } from './sample-adapted.js';

const labels = ['cat', 'dog', 'cow'];
const WIDTH = 12;
const small = () => sampleContent({ head: fittedHead(classifier({ labels }), WIDTH) });

/** A whole model, copied for each test that damages it. */
let whole: string;
beforeAll(async () => {
  whole = join(await temporaryFolder(), 'whole');
  const changed = new Map([['kernel', float32([2], Float32Array.of(1, 2))]]);
  await saveAdapted(whole, { ...small(), changed });
});

async function copied(): Promise<string> {
  const folder = join(await temporaryFolder(), 'model');
  await cp(whole, folder, { recursive: true });
  return folder;
}

describe('a model that was saved', () => {
  it.each([
    ['linear', classifier({ labels })],
    ['hidden', classifier({ labels, hidden: 5 })],
    ['multi-label', multiLabel({ labels })],
    ['regression', regressor()],
    ['nearest-mean', nearestMean({ labels })],
    ['nearest-neighbours', nearestNeighbours({ labels, k: 2 })],
  ])('answers as before, bit for bit: %s', async (kind, head) => {
    const folder = join(await temporaryFolder(), kind);
    const content = sampleContent({ head: fittedHead(head, WIDTH) });
    await saveAdapted(folder, content);
    const read = await readAdapted(folder);
    expect(read.head.head.describe()).toEqual(head.describe());
    expect(read.head.parameters).toEqual(content.head.parameters);
    const features = sampleFeatures(WIDTH);
    expect(read.head.scores(features, 3)).toEqual(content.head.scores(features, 3));
    const { backbone, recipe, seed, data, metrics } = content;
    expect(read.details).toMatchObject({ backbone, recipe, seed, data, metrics });
    expect(read.changed.size).toBe(0);
  });

  it('answers the same in a process of its own', async () => {
    const folder = join(await temporaryFolder(), 'digits');
    const content = sampleContent();
    await saveAdapted(folder, content);
    const { code, stdout, stderr } = await runScript('transfer/adapted/processes/score-adapted.ts', [folder])
      .ended;
    expect([code, stderr]).toEqual([0, '']);
    const scores = [...content.head.scores(sampleFeatures(1280), 3)];
    expect(JSON.parse(stdout)).toEqual({ name: 'digits', seed: 7, scores });
  });

  it('is told from other folders, also when it is damaged', async () => {
    const folder = await copied();
    await rm(join(folder, 'head.safetensors'));
    expect(await isAdaptedFolder(folder)).toBe(true);
    const other = await temporaryFolder();
    expect(await isAdaptedFolder(other)).toBe(false);
    expect(await isAdaptedFolder(join(other, 'none'))).toBe(false);
    await writeFile(join(other, 'card.json'), JSON.stringify(sampleCard()));
    expect(await isAdaptedFolder(other)).toBe(false);
    expect(await isAdaptedFolder(join(other, 'card.json'))).toBe(false);
  });
});

describe('a base', () => {
  it('is the one that the model was made from, or is refused', async () => {
    const model = await readAdapted(whole);
    checkBase(model, BASE);
    const other = sampleCard({ input: BASE.input, summary: 'Other weights under the same name.' });
    const error = await thrownBy(() => checkBase(model, other));
    expect(error).toMatchObject({ code: 'INTEGRITY', exitCode: 4, found: cardDigest(other) });
    expect(error.expected).toContain(cardDigest(BASE));
  });

  it('must give the features that the head was trained on', async () => {
    const model = await readAdapted(whole);
    const identity = model.details.backbone.preprocessing;
    checkBackbone(model, { width: WIDTH, preparer: { identity } });
    const wider = await thrownBy(() => checkBackbone(model, { width: WIDTH + 1, preparer: { identity } }));
    expect(wider).toMatchObject({ code: 'INTEGRITY', expected: `${WIDTH} features`, found: WIDTH + 1 });
    const otherwise = { width: WIDTH, preparer: { identity: '{"size":[96,96]}' } };
    expect(await thrownBy(() => checkBackbone(model, otherwise))).toMatchObject({
      code: 'INTEGRITY',
      expected: identity,
      found: '{"size":[96,96]}',
    });
  });
});

const FILES = ['adapted.json', 'head.safetensors', 'changed.safetensors'];

describe('damage', () => {
  it.each(FILES)('of %s is seen: another byte, an end that is missing, or all of it', async (name) => {
    const folder = await copied();
    const path = join(folder, name);
    const content = await readFile(path);
    const other = Buffer.from(content);
    other[content.length - 2] = (other[content.length - 2] ?? 0) ^ 1;
    for (const damage of [
      () => writeFile(path, other),
      () => truncate(path, content.length - 1),
      () => rm(path),
      () => mkdir(path),
    ]) {
      await damage();
      const error = await thrownBy(() => readAdapted(folder));
      expect([error.code, error.exitCode, error.message]).toEqual([
        'INTEGRITY',
        4,
        `${name} is not what the card says`,
      ]);
    }
  });

  it('whatever it is, gives a model or a clear refusal', async () => {
    const folder = await copied();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('card.json', ...FILES),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (name, changes, fitting) => {
          const original = await readFile(join(whole, name));
          const changed = Buffer.from(original);
          for (const [at, byte] of changes) changed[at % changed.length] = byte;
          try {
            if (fitting) await forge(folder, name, () => changed);
            else await writeFile(join(folder, name), changed);
            const read = await readAdapted(folder).catch((error: unknown) => error);
            if (read instanceof Error) expect(read).toBeInstanceOf(ZooError);
            else expect(read).toHaveProperty('head.head.labels');
          } finally {
            await writeFile(join(folder, name), original);
            await cp(join(whole, 'card.json'), join(folder, 'card.json'));
          }
        },
      ),
      { numRuns: 150 },
    );
    await readAdapted(folder);
  });
});

describe('a folder that makes no sense', () => {
  it.each<[string, string, string, (content: Buffer) => Buffer | string, RegExp]>([
    [
      'a later format',
      'INTEGRITY',
      'adapted.json',
      inJson((json) => {
        json.formatVersion = 2;
      }),
      /format that this version can not read/,
    ],
    [
      'no format',
      'INTEGRITY',
      'adapted.json',
      inJson((json) => {
        delete json.formatVersion;
      }),
      /format that this version can not read/,
    ],
    ['details that are no JSON', 'INTEGRITY', 'adapted.json', () => '{', /is not JSON/],
    ['details that are a list', 'INTEGRITY', 'adapted.json', () => '[]', /format that this version/],
    [
      'a field that is missing',
      'INTEGRITY',
      'adapted.json',
      inJson((json) => {
        delete json.seed;
      }),
      /malformed: seed/,
    ],
    [
      'a field that nobody knows',
      'INTEGRITY',
      'adapted.json',
      inJson((json) => {
        json.run = 'rm -rf';
      }),
      /malformed/,
    ],
    [
      'a head that nobody knows',
      'INTEGRITY',
      'adapted.json',
      inJson((json) => {
        json.head = { kind: 'oracle' };
      }),
      /Unknown kind of head/,
    ],
    [
      'a head with other labels than the card',
      'INTEGRITY',
      'adapted.json',
      inJson((json) => {
        json.head = { kind: 'linear', labels: ['dog', 'cat', 'cow'], scaling: 'standardise' };
      }),
      /name other labels/,
    ],
    [
      'a head of another width',
      'INTEGRITY',
      'adapted.json',
      inJson((json) => {
        Object.assign(json.backbone ?? {}, { width: WIDTH + 1 });
      }),
      /does not belong to a linear head/,
    ],
    [
      'numbers that are no safetensors',
      'INTEGRITY',
      'head.safetensors',
      () => 'PK\x03\x04',
      /head\.safetensors/,
    ],
    [
      'a stray file in the card',
      'INTEGRITY',
      'card.json',
      inJson((json) => {
        json.files = [json.files]
          .flat()
          .map((file, at) => (at === 2 ? { ...Object(file), path: 'setup.sh' } : file));
      }),
      /not the files of an adapted model/,
    ],
    [
      'a card without the head',
      'INTEGRITY',
      'card.json',
      inJson((json) => {
        json.files = [json.files].flat().slice(0, 1);
      }),
      /not the files of an adapted model/,
    ],
    [
      'a card without a base',
      'INTEGRITY',
      'card.json',
      inJson((json) => {
        delete json.base;
      }),
      /made from/,
    ],
    [
      'the card of a network',
      'NOT_FOUND',
      'card.json',
      inJson((json) => {
        json.format = { name: 'safetensors' };
      }),
      /not the folder of an adapted model/,
    ],
    ['a card that is none', 'INVALID_CARD', 'card.json', () => '{"kind":"model"}', /card\.json/],
  ])('%s', async (_, code, name, change, message) => {
    const folder = await copied();
    await forge(folder, name, change);
    const error = await thrownBy(() => readAdapted(folder));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(`${error.message} ${error.found}`).not.toContain('[object');
  });

  it('says to update for a format of a later version', async () => {
    const folder = await copied();
    await forge(
      folder,
      'adapted.json',
      inJson((json) => {
        json.formatVersion = 2;
      }),
    );
    expect(await thrownBy(() => readAdapted(folder))).toMatchObject({
      expected: 1,
      found: '2',
      hint: 'Update neuralzoo.',
    });
  });

  it('or is none, or a file, says what belongs there', async () => {
    const folder = await copied();
    for (const path of [join(folder, 'none'), join(folder, 'card.json')]) {
      const error = await thrownBy(() => readAdapted(path));
      expect([error.code, error.exitCode]).toEqual(['NOT_FOUND', 3]);
      expect(error.expected).toContain('head.safetensors');
    }
  });

  it('is not read when its card has gigabytes', async () => {
    const folder = await copied();
    await truncate(join(folder, 'card.json'), 2 ** 33);
    expect((await thrownBy(() => readAdapted(folder))).message).toBe('card.json is too large');
  });

  it('stops where the caller stops', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(readAdapted(whole, signal)).rejects.toThrow('enough');
  });
});
