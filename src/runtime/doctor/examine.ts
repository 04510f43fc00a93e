/** `zoo doctor`: everything that a bug report needs, and the command that mends what is wrong. */
import { cacheRoot } from '../../cache/cache-root.js';
import { examineCompiler } from './compiler.js';
import type { DoctorReport } from './finding.js';
import { examineGpu } from './gpu.js';
import { examineMachine } from './machine.js';
import { examineNative } from './native.js';
import { examineNetwork } from './network.js';
import { examineStorage } from './storage.js';

export interface ExamineOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The cache folder; the one of `env` by default. */
  readonly home?: string;
  /** Asks no registry. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
}

/** Changes nothing. Takes a second or two, most of it loading TensorFlow in a process of its own. */
export async function examine(options: ExamineOptions): Promise<DoctorReport> {
  const { env, cwd, offline = false, signal = new AbortController().signal } = options;
  const home = options.home ?? cacheRoot(env);
  const machine = examineMachine();
  const [storage, network, compiler, native] = await Promise.all([
    examineStorage(home, env),
    examineNetwork({ env, cwd, offline, signal }),
    examineCompiler(env, signal),
    examineNative({ env, home, cwd, signal }),
  ]);
  const gpu = await examineGpu(env, native.probe, signal);
  const sections = [
    { ...machine, findings: [...machine.findings, compiler] },
    storage,
    network,
    { title: 'Native TensorFlow', findings: [...native.findings, ...gpu] },
  ];
  return {
    ok: !sections.some(({ findings }) => findings.some(({ state }) => state === 'problem')),
    sections,
  };
}
