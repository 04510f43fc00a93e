/** NVIDIA driver, CUDA and cuDNN, and whether TensorFlow sees a device. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { parseLocator } from '../../registry/locator.js';
import { type OfferTable, readOffers, runtimeId } from '../offers.js';
import type { ProbeReport } from '../probe-runtime.js';
import { type RuntimeManifest, readManifest } from '../runtime-manifest.js';
import { type Finding, fact, note } from './finding.js';

const NVIDIA_FIELDS = 'name,driver_version,memory.total';
/** The oldest driver for Linux that all of CUDA 12 runs on (NVIDIA's table of minor version compatibility). */
const OLDEST_DRIVER = 525;
/** The packages whose versions a bug report needs. */
const TOLD = new Map([
  ['nvidia-cuda-runtime-cu12', 'CUDA'],
  ['nvidia-cudnn-cu12', 'cuDNN'],
  ['nvidia-cublas-cu12', 'cuBLAS'],
]);

interface GpuDevice {
  readonly name: string;
  readonly driver: string;
  /** As nvidia-smi writes it, such as `81559 MiB`. */
  readonly memory: string;
}

/** @param probe what a fresh process saw; undefined where TensorFlow does not work. */
export async function examineGpu(
  env: NodeJS.ProcessEnv,
  probe: ProbeReport | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const devices = await listDevices(env, signal);
  if (devices.length === 0) {
    if (!existsSync('/proc/driver/nvidia/version')) return [fact('gpu', 'GPU', 'none: computing on the CPU')];
    const detail = 'nvidia-smi lists no GPU: TensorFlow computes on the CPU.';
    return [note('gpu', 'GPU', 'driver without a device', detail, 'nvidia-smi')];
  }
  const found = devices.map(({ name, driver, memory }, index) =>
    fact(`gpu${index}`, `GPU ${index}`, `${name}, driver ${driver}, ${memory}`),
  );
  if (probe === undefined) return found;
  const manifest = await readManifest(probe.folder);
  const cuda = manifest === undefined ? [] : cudaVersions(manifest, readOffers());
  return [
    ...found,
    ...(cuda.length === 0 ? [] : [fact('cuda', 'CUDA', cuda.join(', '))]),
    use(probe, manifest, devices[0]?.driver ?? '', env),
  ];
}

/** Whether TensorFlow computes on the device, and the likeliest reason why not. */
function use(
  probe: ProbeReport,
  manifest: RuntimeManifest | undefined,
  driver: string,
  env: NodeJS.ProcessEnv,
): Finding {
  if (probe.gpu) return fact('gpuUsed', 'In use', 'TensorFlow computes on the GPU');
  const no = (detail: string, remedy: string) =>
    note('gpuUsed', 'In use', 'no: computing on the CPU', detail, remedy);
  if (/^(-1)?$/.test(env.CUDA_VISIBLE_DEVICES ?? 'unset')) {
    return no('CUDA_VISIBLE_DEVICES hides the GPU.', 'unset CUDA_VISIBLE_DEVICES');
  }
  if (manifest?.device !== 'gpu') {
    return no('The runtime in use is the one for the CPU.', 'zoo runtime install --gpu');
  }
  if (Number.parseInt(driver, 10) < OLDEST_DRIVER) {
    return no(
      `CUDA 12 needs driver ${OLDEST_DRIVER} or newer, and this one is ${driver}.`,
      "install a newer driver with the system's package manager",
    );
  }
  return no(
    'The runtime for GPUs does not see the device.',
    'nvidia-smi   (does it list the GPU as healthy?)',
  );
}

/** None where there is no driver. */
async function listDevices(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<GpuDevice[]> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      [`--query-gpu=${NVIDIA_FIELDS}`, '--format=csv,noheader'],
      { env, timeout: 10_000, signal },
    );
    return stdout
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const [name = '', driver = '', memory = ''] = line.split(',').map((cell) => cell.trim());
        return { name, driver, memory };
      });
  } catch {
    signal.throwIfAborted();
    return []; // no driver
  }
}

/** Of the CUDA packages that a runtime was installed from; none for one that is for the CPU. */
function cudaVersions(manifest: RuntimeManifest, { offers, archives }: OfferTable): string[] {
  const offer = offers.find((one) => runtimeId(one) === runtimeId(manifest));
  return (offer?.archives ?? []).flatMap((archive) => {
    const locator = parseLocator(archives[archive]?.locator ?? '');
    if (locator.scheme !== 'pypi') return [];
    const told = TOLD.get(locator.name);
    return told === undefined ? [] : [`${told} ${locator.version}`];
  });
}
