/** Answers of real networks and of a scorer that counts, in order and in batches. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import type { Dataset, Example } from '../../../src/data/dataset.js';
import { openInputs, textInputs } from '../../../src/data/open-inputs.js';
import { NetworkScorer } from '../../../src/training/predict/network-scorer.js';
import { type PredictOptions, predict, type Scorer } from '../../../src/training/predict/predict.js';
import { openClassifier } from '../../../src/transfer/classifier.js';
import type { Prepared } from '../../../src/transfer/prepare/preparer.js';
import { allOf } from '../../data/all-of.js';
import { folderOf } from '../../data/folder-of.js';
import { realModel } from '../../support/real-model.js';
import { thrownBy } from '../../support/thrown-by.js';
import { pictures } from '../../transfer/sample-data.js';
import { tinyImageNetwork } from '../../transfer/tiny-network.js';

const LETTERS = ['a', 'b', 'c'];

/** Says how often each letter occurs in a text; refuses texts with digits, and has no numbers for `void`. */
class LetterScorer implements Scorer {
  readonly labels: readonly string[];
  /** Examples of each call, and how many there are in all. */
  readonly batches: [size: number, of: number][] = [];

  constructor(labels: readonly string[] = LETTERS) {
    this.labels = labels;
  }

  readonly preparer: Scorer['preparer'] = {
    modality: 'text',
    identity: 'letters',
    takes: 'texts',
    notes: [],
    forgetNotes: () => {},
    async prepare(raw) {
      const values = raw.kind === 'text' ? raw.text : '';
      if (/\d/.test(values)) throw new ZooError('DATA', 'Digits are no letters');
      return { rows: 1, shape: [], values };
    },
    batch: () => {
      throw new RangeError('nobody asks for tensors');
    },
    neutral: () => ({ kind: 'text', text: '' }),
  };

  async scores(prepared: readonly Prepared[], of: number): Promise<Float32Array> {
    this.batches.push([prepared.length, of]);
    return Float32Array.from(
      prepared.flatMap(({ values }) => {
        const text = String(values);
        if (text === 'void') return LETTERS.map(() => Number.NaN);
        return LETTERS.map((letter) => (text.split(letter).length - 1) / text.length);
      }),
    );
  }
}

const texts = (...list: string[]) => textInputs(list, 'list');

async function answers(dataset: Dataset, options?: PredictOptions, scorer: Scorer = new LetterScorer()) {
  return allOf(predict(scorer, dataset, options));
}

describe('predictions', () => {
  it('come in the order of the examples, whichever is ready first, the best label first', async () => {
    const list = Array.from({ length: 100 }, (_, index) => 'abc'.slice(0, (index % 3) + 1));
    const dataset = texts(...list);
    const late = dataset.examples.map(
      (example, index): Example => ({
        ...example,
        async load() {
          await sleep((index * 7) % 5);
          return example.load();
        },
      }),
    );
    const found = await answers({ ...dataset, examples: late }, { batchSize: 8 });
    expect(found.map(({ name }) => name)).toEqual(dataset.examples.map(({ name }) => name));
    expect(found[0]).toEqual({
      name: 'list:1',
      top: [
        { label: 'a', probability: 1 },
        { label: 'b', probability: 0 },
        { label: 'c', probability: 0 },
      ],
    });
    expect(found[1]?.top[0]?.probability).toBe(0.5);
  });

  it('go through the network in batches, the last one smaller', async () => {
    const scorer = new LetterScorer();
    expect(await answers(texts(...new Array<string>(10).fill('ab')), { batchSize: 4 }, scorer)).toHaveLength(
      10,
    );
    expect(scorer.batches).toEqual([
      [4, 10],
      [4, 10],
      [2, 10],
    ]);
    const none = new LetterScorer();
    expect(await answers(texts(), {}, none)).toEqual([]);
    expect(none.batches).toEqual([]);
  });

  it('have an error for what can not be read or prepared, and the others their own answers', async () => {
    const scorer = new LetterScorer();
    const dataset = texts('a', '1', 'b', 'void', 'c', '2', '3', 'cc');
    const examples = dataset.examples.map((example, index): Example => {
      const load = () => Promise.reject(new ZooError('NOT_FOUND', 'It is gone'));
      return index === 2 ? { ...example, load } : example;
    });
    const found = await answers({ ...dataset, examples }, { top: 1, batchSize: 2 }, scorer);
    expect(found.map(({ top: [best], error }) => best?.label ?? error)).toEqual([
      'a',
      'Digits are no letters',
      'It is gone',
      'The network gives no finite numbers for it',
      'c',
      'Digits are no letters',
      'Digits are no letters',
      'c',
    ]);
    expect(scorer.batches.map(([size]) => size)).toEqual([1, 1, 1, 1]);
  });

  it('are values where there are no labels', async () => {
    const found = await answers(texts('ab', 'c'), {}, new LetterScorer([]));
    expect(found).toEqual([
      { name: 'list:1', top: [], values: [0.5, 0.5, 0] },
      { name: 'list:2', top: [], values: [0, 0, 1] },
    ]);
  });

  it('stop where the caller stops, or leaves', async () => {
    const stop = new AbortController();
    const dataset = texts(...new Array<string>(50).fill('a'));
    const asking = async () => {
      for await (const { name } of predict(new LetterScorer(), dataset, {
        signal: stop.signal,
        batchSize: 5,
      })) {
        if (name === 'list:7') stop.abort(new Error('enough'));
      }
    };
    await expect(asking()).rejects.toThrow('enough');
    const scorer = new LetterScorer();
    for await (const { name } of predict(scorer, dataset, { batchSize: 5 })) if (name === 'list:6') break;
    expect(scorer.batches).toHaveLength(2);
  });

  it('are refused for numbers that are none', async () => {
    for (const options of [{ top: 0 }, { top: 1.5 }, { batchSize: 0 }]) {
      expect((await thrownBy(() => answers(texts('a'), options))).code).toBe('USAGE');
    }
  });

  it('pass on what is wrong with the network', async () => {
    const failing = new LetterScorer();
    failing.scores = () => Promise.reject(new ZooError('FAILED', 'It broke'));
    expect((await thrownBy(() => answers(texts('a'), {}, failing))).message).toBe('It broke');
  });
});

describe('real networks', () => {
  it('name photographs beside a broken one', async () => {
    const photos = await realModel('dataset/photos');
    const scorer = new NetworkScorer(await openClassifier(await realModel('mobilenet-v2')));
    try {
      const broken = join(await folderOf({ 'broken.png': 'no picture' }), 'broken.png');
      const names = ['coffee.png', 'chelsea.png'].map((name) => join(photos.folder, name));
      const inputs = [names[0] ?? '', broken, names[1] ?? ''];
      const dataset = await openInputs(inputs, { modality: 'image', cwd: photos.folder });
      const found = await answers(dataset, { top: 3 }, scorer);
      expect(found.map(({ name }) => name)).toEqual(inputs);
      expect(found[0]?.top[0]?.label).toMatch(/espresso/);
      expect(found[1]).toMatchObject({ top: [], error: expect.stringContaining('broken.png') });
      expect(found[2]?.top[0]?.label).toMatch(/Egyptian.cat/);
      for (const { top } of found) {
        expect(top.map(({ probability }) => probability)).toEqual(
          top.map(({ probability }) => probability).toSorted((a, b) => b - a),
        );
      }
    } finally {
      scorer.dispose();
    }
  });

  it('give the same answers in batches of any size', async () => {
    const scorer = new NetworkScorer(await openClassifier(await tinyImageNetwork()));
    try {
      const [one, three, all] = await Promise.all(
        [1, 3, 32].map((batchSize) => answers(pictures(7), { batchSize }, scorer)),
      );
      expect(one?.map(({ name }) => name)).toEqual(all?.map(({ name }) => name));
      for (const [index, { top }] of (all ?? []).entries()) {
        for (const other of [one, three]) {
          expect(other?.[index]?.top.map(({ label }) => label)).toEqual(top.map(({ label }) => label));
          expect(other?.[index]?.top[0]?.probability).toBeCloseTo(top[0]?.probability ?? Number.NaN, 6);
        }
      }
    } finally {
      scorer.dispose();
    }
  });
});
