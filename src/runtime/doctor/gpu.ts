/** NVIDIA driver, CUDA and cuDNN as the system has them, and whether TensorFlow sees a device. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ProbeReport } from '../probe-runtime.js';
import { type Finding, fact, note } from './finding.js';

const NVIDIA_FIELDS = 'name,driver_version,memory.total';

export async function examineGpu(
  env: NodeJS.ProcessEnv,
  probe: ProbeReport | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const devices = await listDevices(env, signal);
  if (devices.length === 0) {
    return [
      existsSync('/proc/driver/nvidia/version')
        ? note(
            'gpu',
            'GPU',
            'driver without a device',
            'nvidia-smi lists no GPU: training runs on the CPU.',
            'nvidia-smi',
          )
        : fact('gpu', 'GPU', 'none: computing on the CPU'),
    ];
  }
  const libraries = probe === undefined ? [] : cudaLibraries(probe.folder);
  const seen = usedByTensorFlow(probe);
  return [
    ...devices.map((device, index) => fact(`gpu${index}`, `GPU ${index}`, device)),
    ...(libraries.length === 0 ? [] : [fact('cuda', 'CUDA', libraries.join(', '))]),
    ...(seen === undefined ? [] : [seen]),
  ];
}

function usedByTensorFlow(probe: ProbeReport | undefined): Finding | undefined {
  if (probe === undefined) return undefined;
  if (probe.gpu) return fact('gpuUsed', 'In use', 'TensorFlow computes on the GPU');
  return note(
    'gpuUsed',
    'In use',
    'no',
    'There is a GPU and this runtime does not use it: computing on the CPU.',
    'zoo runtime install --gpu',
  );
}

/** One line a device: name, driver, memory. None where there is no driver. */
async function listDevices(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string[]> {
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
        return `${name}, driver ${driver}, ${memory}`;
      });
  } catch {
    signal.throwIfAborted();
    return []; // no driver
  }
}

/** Versions of the CUDA libraries that lie beside a managed runtime's TensorFlow, from their file names. */
function cudaLibraries(folder: string): string[] {
  const nvidia = join(folder, 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
    const match = /lib(cudart|cudnn|cublas)\.so\.([\d.]+)$/.exec(path);
    return match === null ? [] : [`${match[1]} ${match[2]}`];
  });
}
