/** Native TensorFlow: which one is found, whether it loads and computes, with how many threads. */
import { availableParallelism } from 'node:os';
import { findRuntime } from '../find-runtime.js';
import { type ProbeReport, probeRuntime } from '../probe-runtime.js';
import { type Finding, fact, messageOf, note, problem } from './finding.js';

const KINDS = {
  environment: 'named by ZOO_RUNTIME',
  managed: 'managed by zoo',
  program: "the program's own @tensorflow/tfjs-node",
};

export interface NativeQuestion {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

export interface NativeAnswer {
  readonly findings: readonly Finding[];
  /** What a fresh process saw, if TensorFlow works. */
  readonly probe: ProbeReport | undefined;
}

export async function examineNative(question: NativeQuestion): Promise<NativeAnswer> {
  const { env, home, cwd, signal } = question;
  try {
    const { kind, folder } = findRuntime(question);
    const found = fact('runtime', 'Runtime', `${folder}, ${KINDS[kind]}`);
    try {
      const probe = await probeRuntime({ env: { ...env, ZOO_HOME: home }, cwd, signal });
      return { findings: [found, ...working(probe), threads(env)], probe };
    } catch (error) {
      signal.throwIfAborted();
      const remedy = kind === 'program' ? 'zoo runtime install' : 'zoo runtime install --force';
      return {
        findings: [
          found,
          problem('tensorflow', 'TensorFlow', 'does not work', foundBy(error), remedy),
          threads(env),
        ],
        probe: undefined,
      };
    }
  } catch (error) {
    signal.throwIfAborted();
    return {
      findings: [problem('runtime', 'Runtime', 'none', messageOf(error), 'zoo runtime install')],
      probe: undefined,
    };
  }
}

function working(probe: ProbeReport): Finding[] {
  const version = `${probe.tensorflow}, tfjs ${probe.tfjs}, loads in ${probe.loadMs} ms, computes and differentiates`;
  return [fact('tensorflow', 'TensorFlow', version)];
}

function threads(env: NodeJS.ProcessEnv): Finding {
  const cores = availableParallelism();
  if (!env.ZOO_THREADS) return fact('threads', 'Threads', `${cores} (all cores)`);
  const count = Number(env.ZOO_THREADS);
  if (!Number.isInteger(count) || count < 1) {
    return problem(
      'threads',
      'Threads',
      env.ZOO_THREADS,
      'ZOO_THREADS is not a whole number of threads.',
      'unset ZOO_THREADS',
    );
  }
  if (count <= cores) return fact('threads', 'Threads', `${count} (ZOO_THREADS)`);
  return note('threads', 'Threads', `${count} (ZOO_THREADS)`, `More than this machine's ${cores} cores.`);
}

/** What was found is more telling than the message, which only says that it failed. */
function foundBy(error: unknown): string {
  const found = error instanceof Error && 'found' in error ? error.found : undefined;
  return typeof found === 'string' ? found : messageOf(error);
}
