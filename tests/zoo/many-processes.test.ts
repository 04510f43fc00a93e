/** Twenty real `zoo pull` of one model at the same time. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { seededBytes, startFaultServer } from '../support/fault-server.js';
import { cardOf, expectOnce, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const PROCESSES = 20;

it('all end well, the bytes cross the network once, and nothing is left over', async () => {
  const server = world.current.closeLater(await startFaultServer());
  const weights = seededBytes(1, 20_000_000);
  const vocabulary = seededBytes(2, 200_000);
  // So slow that all processes are there before the first has ended.
  server.plan = ({ path }) => (path === '/w' ? { kind: 'slow', chunk: 250_000, pauseMs: 50 } : undefined);
  const card = await cardOf({
    files: {
      'model.safetensors': { bytes: weights, sources: [server.serve('w', weights)] },
      'vocab.txt': { bytes: vocabulary, sources: [server.serve('v', vocabulary)], role: 'tokenizer' },
    },
  });
  await world.current.index(card);

  const results = await Promise.all(
    Array.from({ length: PROCESSES }, () => world.current.run('pull', 'tiny-net', '--json')),
  );
  for (const { code, stdout, stderr } of results) {
    expect({ code, stderr, error: JSON.parse(stdout.trim().split('\n').at(-1) ?? '').error }).toEqual({
      code: 0,
      stderr: '',
    });
  }
  const size = weights.length + vocabulary.length;
  // Three pieces and what racing adds, not three for each process. Bytes are counted where they arrive: megabytes may
  // lie in the buffers of connections that have lost a race.
  expect(server.requests.filter(({ path }) => path === '/w').length).toBeLessThan(PROCESSES);

  // Each says what it did itself: together they received each byte once, and no more than was sent.
  const installed = results.map(({ stdout }) => {
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ type: 'installed', model: 'image/tiny-net@1.0.0' });
    return last;
  });
  const received = installed.reduce((sum, result) => sum + result.received, 0);
  expectOnce(received, size);
  expect(received).toBeLessThanOrEqual(server.bodyBytes);
  expect(results.some(({ stdout }) => stdout.includes('"type":"waiting"'))).toBe(true);

  for (const [name, bytes] of [
    ['model.safetensors', weights],
    ['vocab.txt', vocabulary],
  ] as const) {
    expect(sha256(await readFile(join(installed[0].path, name)))).toBe(sha256(bytes));
  }
  expect(await world.current.leftovers()).toEqual([]);
  expect(await (await world.current.cache()).list()).toHaveLength(1);
});
