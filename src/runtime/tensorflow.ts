/**
 * The one place that loads native TensorFlow. `tf` is loaded at its first use, or by `openTensorFlow` before, where
 * threads and folders can be given.
 */
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs-node';
import { ZooError } from '../core/errors.js';
import { type FindRuntimeOptions, type FoundRuntime, findRuntime } from './find-runtime.js';
import { requireWithOldUtil } from './node-compat.js';
import { parseThreads } from './threads.js';

export type TensorFlow = typeof tfjs;
export type {
  DataType,
  NamedTensorMap,
  Rank,
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  TensorLike,
  Variable,
} from '@tensorflow/tfjs-node';

export interface OpenTensorFlowOptions extends FindRuntimeOptions {
  /** Threads within and between operations; `ZOO_THREADS`, else TensorFlow's own choice: all cores. */
  readonly threads?: number | undefined;
}

export interface OpenTensorFlow {
  readonly tf: TensorFlow;
  readonly runtime: FoundRuntime;
}

let opened: OpenTensorFlow | undefined;

/**
 * Loads TensorFlow, once a process; the options of the first call count. In a worker thread log level and threads
 * can only be set when it was started with `env: SHARE_ENV`: else its environment is a copy that TensorFlow,
 * which is not JavaScript, never sees.
 * @throws ZooError `NO_RUNTIME` when there is none or it does not load; `USAGE` for a bad number of threads.
 */
export function openTensorFlow(options: OpenTensorFlowOptions = {}): OpenTensorFlow {
  if (opened !== undefined) return opened;
  const env = options.env ?? process.env;
  const runtime = findRuntime(options);
  setDefault('TF_CPP_MIN_LOG_LEVEL', '2');
  setDefault('TF_FORCE_GPU_ALLOW_GROWTH', 'true');
  const threads = parseThreads(options.threads ?? env.ZOO_THREADS);
  if (threads !== undefined) {
    process.env.TF_NUM_INTRAOP_THREADS = String(threads);
    process.env.TF_NUM_INTEROP_THREADS = String(threads);
    process.env.OMP_NUM_THREADS = String(threads);
  }
  try {
    // Whatever else a found entry may be, it is tfjs-node's own, of the version that its types are of.
    const tf = requireWithOldUtil(runtime.entry, packageFolder(runtime.entry)) as TensorFlow;
    tf.enableProdMode();
    opened = { tf, runtime };
    return opened;
  } catch (cause) {
    throw new ZooError('NO_RUNTIME', 'Native TensorFlow is installed and does not load', {
      found: `${runtime.folder}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'See what is wrong with "zoo doctor"; "zoo runtime install" mends a managed runtime.',
      cause,
    });
  }
}

/** True once TensorFlow has been loaded into this process. */
export function isTensorFlowOpen(): boolean {
  return opened !== undefined;
}

/** All of tfjs on native TensorFlow. The first use of any member loads it, and throws `NO_RUNTIME` where there is none. */
export const tf: TensorFlow = new Proxy(Object.create(null), {
  get: (_, name) => Reflect.get(openTensorFlow().tf, name),
  has: (_, name) => Reflect.has(openTensorFlow().tf, name),
});

/** `entry` is the package's `dist/index.js`. */
function packageFolder(entry: string): string {
  return dirname(dirname(realpathSync(entry)));
}

/** TensorFlow reads its settings from the environment of the process; what the user has set stays. */
function setDefault(name: string, value: string): void {
  process.env[name] ??= value;
}
