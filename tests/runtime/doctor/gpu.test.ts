/**
 * What the doctor says of GPUs. No GPU is needed: nvidia-smi is a script that prints what NVIDIA's prints for this query,
 * and a runtime is its manifest.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { examineGpu } from '../../../src/runtime/doctor/gpu.js';
import type { Device } from '../../../src/runtime/offers.js';
import type { ProbeReport } from '../../../src/runtime/probe-runtime.js';
import { writtenManifest } from '../../../src/runtime/runtime-manifest.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const H100 = 'NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB';
const OLD = 'Tesla V100-SXM2-16GB, 470.223.02, 16160 MiB';
const { signal } = new AbortController();

let bin: string;

beforeEach(async () => {
  bin = await temporaryFolder('bin');
});

async function nvidiaSmi(...devices: string[]): Promise<void> {
  const script = `#!/bin/sh\ncat <<'END'\n${devices.join('\n')}\nEND\n`;
  await writeFile(join(bin, 'nvidia-smi'), script, { mode: 0o755 });
}

/** What a fresh process saw of a runtime for `device`. */
async function probe(device: Device, gpu: boolean): Promise<ProbeReport> {
  const folder = await temporaryFolder('runtime');
  const facts = {
    tensorflow: '2.18.1',
    platform: 'linux-x64',
    tested: true,
    node: 'v20.20.0',
    compiler: 'c++ 12',
  };
  await writeFile(join(folder, 'runtime.json'), writtenManifest({ ...facts, device, files: [] }));
  const seen = { kind: 'managed', backend: 'tensorflow', tensorflow: '2.18.1', tfjs: '4.22.0' } as const;
  return { ...seen, folder, gpu, computes: true, loadMs: 900 };
}

async function look(report: ProbeReport | undefined, more: Record<string, string> = {}) {
  const findings = await examineGpu({ PATH: `${bin}:/usr/bin:/bin`, ...more }, report, signal);
  return new Map(findings.map((finding) => [finding.key, finding]));
}

it('no driver: computing on the CPU is all right', async () => {
  const findings = await examineGpu({ PATH: bin }, await probe('cpu', false), signal);
  expect(findings.map(({ key }) => key)).toEqual(['gpu']);
  expect(findings[0]?.value).toMatch(/^(none: computing on the CPU|driver without a device)$/);
});

it('a GPU that TensorFlow uses: devices, driver, versions of CUDA and cuDNN', async () => {
  await nvidiaSmi(H100, H100);
  const found = await look(await probe('gpu', true));
  expect(found.get('gpu0')?.value).toBe('NVIDIA H100 80GB HBM3, driver 550.54.15, 81559 MiB');
  expect(found.get('gpu1')?.name).toBe('GPU 1');
  expect(found.get('cuda')?.value).toBe('cuBLAS 12.5.3.2, CUDA 12.5.82, cuDNN 9.3.0.75');
  expect(found.get('gpuUsed')).toMatchObject({ state: 'ok', value: 'TensorFlow computes on the GPU' });
});

describe('a GPU that TensorFlow does not use: why, and what helps', () => {
  it('the runtime is the one for the CPU', async () => {
    await nvidiaSmi(H100);
    const found = await look(await probe('cpu', false));
    expect(found.get('gpuUsed')).toMatchObject({
      state: 'note',
      value: 'no: computing on the CPU',
      remedy: 'zoo runtime install --gpu',
    });
    expect(found.has('cuda')).toBe(false);
  });

  it.each(['', '-1'])('CUDA_VISIBLE_DEVICES=%s hides it', async (value) => {
    await nvidiaSmi(H100);
    const found = await look(await probe('gpu', false), { CUDA_VISIBLE_DEVICES: value });
    expect(found.get('gpuUsed')).toMatchObject({ state: 'note', remedy: 'unset CUDA_VISIBLE_DEVICES' });
  });

  it('the driver is older than CUDA 12', async () => {
    await nvidiaSmi(OLD);
    const found = await look(await probe('gpu', false), { CUDA_VISIBLE_DEVICES: '0' });
    expect(found.get('gpuUsed')?.detail).toBe(
      'CUDA 12 needs driver 525 or newer, and this one is 470.223.02.',
    );
  });

  it('no reason that can be seen from here', async () => {
    await nvidiaSmi(H100);
    const found = await look(await probe('gpu', false));
    expect(found.get('gpuUsed')).toMatchObject({
      state: 'note',
      detail: expect.stringContaining('does not see'),
    });
  });

  it('TensorFlow does not work at all: that is told elsewhere', async () => {
    await nvidiaSmi(H100);
    expect([...(await look(undefined)).keys()]).toEqual(['gpu0']);
  });
});
