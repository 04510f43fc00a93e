/** A run that was interrupted ends with the same bytes as one that was not. */
import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AdaptedModel, type TrainOptions } from '../../../src/training/adapted-model.js';
import { openBackbone } from '../../../src/transfer/backbone.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { runScript } from '../../support/child-script.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { LABELS, LONG_RUN, stripes, stripesHead, stripesNetwork } from './stripes.js';

const FILES = ['changed.safetensors', 'head.safetensors', 'adapted.json'];

async function bytesOf(folder: string): Promise<string[]> {
  return Promise.all(FILES.map((file) => readFile(join(folder, file), 'hex')));
}

async function train(options: TrainOptions, output: string, head = stripesHead()) {
  const model = new AdaptedModel(await openBackbone(await stripesNetwork()), head);
  try {
    const report = await model.fit(stripes(48), options);
    await model.save(output, { published: '2026-11-28' });
    return report.fineTuned;
  } finally {
    model.dispose();
  }
}

it('that was killed three times, as a graph', async () => {
  const home = await temporaryFolder('killed');
  const checkpoints = join(home, 'checkpoints');
  const output = join(home, 'model');
  for (const step of [7, 33, 61]) {
    const child = runScript('training/loop/run-stripes.ts', [checkpoints, output]);
    await child.line(`step ${step}`);
    child.process.kill('SIGKILL');
    expect((await child.ended).signal).toBe('SIGKILL');
    // Whole, or not there under its name.
    expect((await readdir(checkpoints)).filter((name) => name.endsWith('.safetensors'))).toHaveLength(1);
  }
  const last = runScript('training/loop/run-stripes.ts', [checkpoints, output]);
  const { code, stdout, stderr } = await last.ended;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const resumed = Number(/resumed from (\d+)/.exec(stdout)?.[1]);
  expect(resumed).toBeGreaterThanOrEqual(60);
  expect(stdout).not.toContain('step 30\n');
  const whole = join(home, 'whole');
  expect(await train(LONG_RUN, whole)).toMatchObject({ resumedFrom: 0, way: 'graph', refusal: undefined });
  expect(await bytesOf(output)).toEqual(await bytesOf(whole));
  // What was saved needs no checkpoint any more.
  expect((await readdir(checkpoints)).filter((name) => name.endsWith('.safetensors'))).toEqual([]);
});

it.each([
  ['as a graph', 18],
  ['operation by operation', 4],
] as const)('that a signal ended, %s, with a head that drops units', async (_, epochs) => {
  const home = await temporaryFolder('stopped');
  const head = () => classifier({ labels: LABELS, hidden: 4, dropout: 0.5, scaling: 'unit-length' });
  const fineTune = { ...LONG_RUN.fineTune, epochs, checkpoints: { folder: join(home, 'checkpoints') } };
  for (const at of [3, 12]) {
    const stop = new AbortController();
    const reason = new Error('enough');
    const onProgress = ({ step }: { readonly step: number }) => {
      if (step === at) stop.abort(reason);
    };
    const run = { ...LONG_RUN, fineTune: { ...fineTune, onProgress }, signal: stop.signal };
    await expect(train(run, join(home, 'never'), head())).rejects.toBe(reason);
  }
  const resumed = await train({ ...LONG_RUN, fineTune }, join(home, 'resumed'), head());
  expect(resumed).toMatchObject({ resumedFrom: 12, way: epochs === 18 ? 'graph' : 'eager' });
  const options = { ...LONG_RUN, fineTune: { ...fineTune, checkpoints: undefined } };
  await train(options, join(home, 'whole'), head());
  expect(await bytesOf(join(home, 'resumed'))).toEqual(await bytesOf(join(home, 'whole')));
});

it('is not gone on from with other options, another seed, or a damaged file', async () => {
  const home = await temporaryFolder('others');
  const folder = join(home, 'checkpoints');
  const fineTune = { ...LONG_RUN.fineTune, epochs: 4, checkpoints: { folder, every: 0 } };
  const stop = new AbortController();
  const onProgress = ({ step }: { readonly step: number }) => {
    if (step === 9) stop.abort(new Error('enough'));
  };
  const run = { ...LONG_RUN, fineTune: { ...fineTune, onProgress }, signal: stop.signal };
  await expect(train(run, join(home, 'never'))).rejects.toThrow('enough');
  const other = await train({ ...LONG_RUN, seed: 6, fineTune }, join(home, 'seed'));
  expect(other?.resumedFrom).toBe(0);
  const faster = { ...fineTune, learningRate: 0.006 };
  expect((await train({ ...LONG_RUN, fineTune: faster }, join(home, 'rate')))?.resumedFrom).toBe(0);
  const [name = ''] = await readdir(folder);
  await truncate(join(folder, name), 1000);
  expect((await train({ ...LONG_RUN, fineTune }, join(home, 'damaged')))?.resumedFrom).toBe(0);
});
