/**
 * CUDA is found where TensorFlow's own RUNPATH looks, with the real file lists of the wheels on offer. No GPU is
 * needed: what the dynamic loader would do is done here with names.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOffers, runtimeFiles } from '../../src/runtime/offers.js';

interface Dynamic {
  readonly needed: readonly string[];
  readonly runpath: readonly string[];
}

const golden: { readonly libraries: Readonly<Record<string, Readonly<Record<string, Dynamic>>>> } =
  JSON.parse(readFileSync(new URL('../golden/runtime-gpu-libraries.json', import.meta.url), 'utf8'));

/** What TensorFlow's CUDA loaders open by name (third_party/tsl/tsl/platform/default/dso_loader.cc and XLA's stubs). */
const OPENED = [
  'libcudart.so.12',
  'libcublas.so.12',
  'libcublasLt.so.12',
  'libcufft.so.11',
  'libcusolver.so.11',
  'libcusparse.so.12',
  'libcupti.so.12',
  'libcudnn.so.9',
];

/** Of the system: glibc, gcc's runtime, and the driver's own library, which comes with the driver. */
const OF_THE_SYSTEM = /^(lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)|ld-linux-x86-64)\.so\.\d+$/;

const gpuOffers = readOffers().offers.filter(({ device }) => device === 'gpu');

it('every version for the CPU is there for a GPU too', () => {
  expect(gpuOffers.map(({ tensorflow }) => tensorflow)).toEqual(['2.18.1', '2.19.1', '2.20.0', '2.21.0']);
});

describe.each(Object.entries(golden.libraries))('TensorFlow %s', (version, libraries) => {
  const offer = gpuOffers.find(({ tensorflow }) => tensorflow === version);
  const paths = new Set(offer === undefined ? [] : runtimeFiles(offer).map(({ path }) => path));
  /** The first file that a loader would find for `name` from one of TensorFlow's libraries. */
  const lookUp = (name: string) => {
    const folders = Object.values(libraries)
      .flatMap(({ runpath }) => runpath)
      .map((folder) => posix.normalize(folder.replace('$ORIGIN', 'tensorflow')));
    return folders.map((folder) => posix.join(folder, name)).find((path) => paths.has(path));
  };

  it('finds what it is linked with', () => {
    for (const name of Object.values(libraries).flatMap(({ needed }) => needed)) {
      if (!OF_THE_SYSTEM.test(name)) expect(lookUp(name), name).toBe(`tensorflow/${name}`);
    }
  });

  it.each(OPENED)('finds %s, which it opens by name', (name) => {
    expect(lookUp(name)).toMatch(/^nvidia\/[a-z_]+\/lib\//);
  });

  it('finds NCCL from the version on that does not carry it inside', () => {
    const looksForIt = Object.values(libraries).some(({ runpath }) =>
      runpath.some((at) => at.includes('nccl')),
    );
    expect(lookUp('libnccl.so.2')).toBe(looksForIt ? 'nvidia/nccl/lib/libnccl.so.2' : undefined);
  });

  it('has what the CUDA libraries open themselves beside them', () => {
    for (const part of [
      'graph',
      'ops',
      'cnn',
      'adv',
      'engines_precompiled',
      'engines_runtime_compiled',
      'heuristic',
    ]) {
      expect(paths).toContain(`nvidia/cudnn/lib/libcudnn_${part}.so.9`);
    }
    expect(paths).toContain('nvidia/nvjitlink/lib/libnvJitLink.so.12');
    expect(paths).toContain('nvidia/cuda_nvrtc/lib/libnvrtc.so.12');
  });

  it('has the compiler and the device library that XLA needs', () => {
    expect(paths).toContain('nvidia/cuda_nvcc/bin/ptxas');
    expect(paths).toContain('nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc');
  });
});
