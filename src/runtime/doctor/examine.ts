/** `zoo doctor`: everything that a bug report needs, and the command that mends what is wrong. */
import { cacheRoot } from '../../cache/cache-root.js';
import { findCompiler } from '../find-compiler.js';
import { type Machine, thisMachine } from '../machine.js';
import { compilerFinding } from './compiler.js';
import type { DoctorReport } from './finding.js';
import { examineGpu } from './gpu.js';
import { examineIndex } from './index-file.js';
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
  /** This machine by default; another one to see what it would be told about runtimes. */
  readonly machine?: Machine;
  readonly signal?: AbortSignal;
}

/**
 * Changes nothing. Takes two or three seconds, most of them hashing the installed runtimes and loading TensorFlow in a
 * process of its own.
 */
export async function examine(options: ExamineOptions): Promise<DoctorReport> {
  const { env, cwd, offline = false, signal = new AbortController().signal } = options;
  const { machine = thisMachine() } = options;
  const home = options.home ?? cacheRoot(env);
  const [storage, index, network, compiler, native] = await Promise.all([
    examineStorage(home, env),
    examineIndex(env),
    examineNetwork({ env, cwd, offline, signal }),
    findCompiler(env, signal),
    examineNative({ env, home, cwd, machine, signal }),
  ]);
  const gpu = await examineGpu(env, native.probe, signal);
  const { title, findings } = examineMachine();
  const sections = [
    { title, findings: [...findings, compilerFinding(compiler, env, native.probe !== undefined)] },
    { ...storage, findings: [...storage.findings, index] },
    network,
    { title: 'Native TensorFlow', findings: [...native.findings, ...gpu] },
  ];
  return {
    ok: !sections.some(({ findings }) => findings.some(({ state }) => state === 'problem')),
    sections,
  };
}
