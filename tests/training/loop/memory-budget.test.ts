/** A batch that does not fit is refused before it is tried, with the size that would. */
import { expect, it } from 'vitest';
import { checkMemory, fitting } from '../../../src/training/loop/memory-budget.js';
import { isOutOfMemory, outOfMemory } from '../../../src/training/loop/out-of-memory.js';
import { runScript } from '../../support/child-script.js';
import { thrownBy } from '../../support/thrown-by.js';

const MB = 1e6;
const memory = { fixed: 100 * MB, perExample: 10 * MB };

it('says how many examples fit, and in how many parts the batch would', async () => {
  const need = { memory, batchSize: 64, parts: 1 };
  expect(() => checkMemory(need, 740 * MB)).not.toThrow();
  const error = await thrownBy(() => checkMemory(need, 739 * MB));
  expect(error).toMatchObject({
    code: 'FAILED',
    message: 'A batch of 64 does not fit into memory',
    hint: 'A batch of 63 fits: --batch-size 63, or the same batch in parts: --accumulate 2',
  });
  expect(fitting(need, 300 * MB)).toBe(20);
  expect(() => checkMemory({ ...need, batchSize: 20 }, 300 * MB)).not.toThrow();
  // What is advised fits.
  expect(() => checkMemory({ ...need, parts: Math.ceil(64 / 20) }, 300 * MB)).not.toThrow();
});

it('counts the parts of a batch', () => {
  const need = { memory, batchSize: 64, parts: 4 };
  expect(() => checkMemory(need, 260 * MB)).not.toThrow();
  expect(() => checkMemory(need, 259 * MB)).toThrow();
  expect(fitting(need, 200 * MB)).toBe(40);
});

it('says where not even one example fits', async () => {
  const error = await thrownBy(() => checkMemory({ memory, batchSize: 8, parts: 1 }, 50 * MB));
  expect(error).toMatchObject({ hint: expect.stringMatching(/Not even one example fits/) });
});

it("knows TensorFlow's error, also as a cause", () => {
  const thrown = new Error('OOM when allocating tensor with shape[2048,512]\nmore');
  expect(isOutOfMemory(new Error('The native graph', { cause: thrown }))).toBe(true);
  expect(isOutOfMemory(new Error('other'))).toBe(false);
  expect(outOfMemory(64, thrown)).toMatchObject({
    found: 'OOM when allocating tensor with shape[2048,512]',
    hint: expect.stringMatching(/--batch-size 32/),
  });
});

const LINUX = process.platform === 'linux';

it.skipIf(!LINUX)('ends a real run that runs out of memory with advice', async () => {
  const { code, stdout, stderr } = await runScript('training/loop/run-out-of-memory.ts', []).ended;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(JSON.parse(stdout)).toEqual({
    code: 'FAILED',
    message: 'A batch of 2048 does not fit into memory',
    hint: expect.stringMatching(/^A batch of \d+ fits: --batch-size \d+, or .*--accumulate \d+$/),
  });
});
