/** Native TensorFlow loaded for real: in this process, in children, in a worker thread. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isTensorFlowOpen, openTensorFlow, tf } from '../../src/runtime/tensorflow.js';
import { nativeRuntime } from '../support/checkout-runtime.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { peer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const BUILT = fileURLToPath(new URL('../../dist/runtime/tensorflow.js', import.meta.url));

/**
 * Runs an ES module that has `openTensorFlow` and `tf`, in a process whose environment is only what is given.
 * @param node the Node that runs it; this one by default.
 */
async function child(
  code: string,
  env: Record<string, string>,
  { cwd, node = process.execPath }: { readonly cwd?: string; readonly node?: string } = {},
) {
  const script = `import { openTensorFlow, tf } from ${JSON.stringify(BUILT)};\n${code}`;
  const process_ = spawn(node, ['--input-type=module', '-e', script], {
    env: isolatedEnv(await temporaryFolder(), env),
    ...(cwd === undefined ? {} : { cwd }),
  });
  let [stdout, stderr] = ['', ''];
  process_.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  process_.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code_] = await once(process_, 'close');
  return { code: code_, stdout: stdout.trim(), stderr };
}

describe('in this process', () => {
  it('is loaded at the first use and computes natively', () => {
    expect(isTensorFlowOpen()).toBe(false);
    expect(tf.getBackend()).toBe('tensorflow');
    expect(isTensorFlowOpen()).toBe(true);
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => x.square().sum())(tf.tensor1d([1, -2, 3]))
        .dataSync(),
    );
    expect([...gradient]).toEqual([2, -4, 6]);
    expect('tensor' in tf).toBe(true);
  });

  it('stays what it is when opened again', () => {
    expect(openTensorFlow({ threads: 1 })).toBe(openTensorFlow());
    expect(openTensorFlow().runtime.folder).toBe(nativeRuntime());
  });
});

describe('in another process', () => {
  const runtime = () => ({ ZOO_RUNTIME: nativeRuntime() });

  it('prints nothing of its own', async () => {
    const { code, stdout, stderr } = await child(
      'console.log((await tf.tensor1d([1, 2]).sum().data())[0])',
      runtime(),
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '3', stderr: '' });
  });

  it('keeps the log level that the user has set', async () => {
    const show = 'openTensorFlow(); console.log(process.env.TF_CPP_MIN_LOG_LEVEL)';
    expect((await child(show, { ...runtime(), TF_CPP_MIN_LOG_LEVEL: '0' })).stdout).toContain('0');
    expect((await child(show, runtime())).stdout).toBe('2');
  });

  it('lets the memory of a GPU grow as it is needed, unless the user says otherwise', async () => {
    const show = 'openTensorFlow(); console.log(process.env.TF_FORCE_GPU_ALLOW_GROWTH)';
    expect((await child(show, runtime())).stdout).toBe('true');
    expect((await child(show, { ...runtime(), TF_FORCE_GPU_ALLOW_GROWTH: 'false' })).stdout).toBe('false');
  });

  it('uses as many threads as ZOO_THREADS or the caller says', async () => {
    const count = (open: string) =>
      `${open}; const x = tf.randomNormal([600, 600]); tf.matMul(x, x).dataSync();
       const { readdirSync } = await import('node:fs');
       const { TF_NUM_INTRAOP_THREADS: within, TF_NUM_INTEROP_THREADS: between } = process.env;
       console.log(JSON.stringify([readdirSync('/proc/self/task').length, within, between]));`;
    const one = JSON.parse(
      (await child(count('openTensorFlow()'), { ...runtime(), ZOO_THREADS: '1' })).stdout,
    );
    const many = JSON.parse((await child(count('openTensorFlow({ threads: 12 })'), runtime())).stdout);
    expect([one.slice(1), many.slice(1)]).toEqual([
      ['1', '1'],
      ['12', '12'],
    ]);
    if (process.platform === 'linux') expect(many[0]).toBeGreaterThan(one[0]);
    const bad = await child('openTensorFlow()', { ...runtime(), ZOO_THREADS: 'all' });
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain('Not a number of threads');
  });

  it("uses the program's own tfjs-node where there is no managed one", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'package.json'), '{"name": "program"}');
    await mkdir(join(folder, 'node_modules'));
    const theirs = join(nativeRuntime(), 'node_modules', '@tensorflow');
    await symlink(theirs, join(folder, 'node_modules', '@tensorflow'), 'dir');
    const { stdout, stderr } = await child(
      'console.log(openTensorFlow().runtime.kind, tf.getBackend())',
      { ZOO_HOME: join(folder, 'home') },
      { cwd: folder },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'program tensorflow', stderr: '' });
  });

  it('is missed with the one command that helps', async () => {
    const folder = await temporaryFolder();
    const empty = { ZOO_HOME: join(folder, 'home') };
    const { code, stderr } = await child('tf.tensor1d([1])', empty, { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toContain('Native TensorFlow is not installed');
    expect(stderr).toContain('zoo runtime install');
  });
});

describe.each([
  ['this Node', process.execPath],
  ['Node 22', peer('node22')],
  ['Node 24', peer('node24')],
])('on %s, with one build', (_, node) => {
  /** A layer of two weights learns y = 2 x + 1, by the optimiser's native kernels. */
  const TRAIN = `
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
    model.compile({ loss: 'meanSquaredError', optimizer: tf.train.adam(0.1) });
    const [x, y] = [tf.tensor2d([[-1], [0], [1], [2]]), tf.tensor2d([[-1], [1], [3], [5]])];
    const { history } = await model.fit(x, y, { epochs: 300, verbose: 0 });
    console.log(history.loss.at(-1) < 1e-3);`;

  it.skipIf(node === undefined)('trains', async () => {
    if (node === undefined) return;
    const { stdout, stderr } = await child(TRAIN, { ZOO_RUNTIME: nativeRuntime() }, { node });
    expect({ stdout, stderr }).toEqual({ stdout: 'true', stderr: '' });
  });
});

describe('in a worker thread', () => {
  it('loads and trains', async () => {
    const worker = `
      import { parentPort, workerData } from 'node:worker_threads';
      const { tf } = await import(workerData);
      const w = tf.variable(tf.scalar(0));
      const optimizer = tf.train.sgd(0.1);
      for (let i = 0; i < 50; i++) optimizer.minimize(() => w.sub(3).square().asScalar());
      parentPort.postMessage(w.dataSync()[0]);`;
    const { stdout, stderr, code } = await child(
      `import { SHARE_ENV, Worker } from 'node:worker_threads';
       const worker = new Worker(${JSON.stringify(worker)}, { eval: true, env: SHARE_ENV, workerData: ${JSON.stringify(BUILT)} });
       worker.on('message', (value) => console.log(value.toFixed(3)));`,
      { ZOO_RUNTIME: nativeRuntime() },
    );
    expect({ stdout, stderr, code }).toEqual({ stdout: '3.000', stderr: '', code: 0 });
  });
});
