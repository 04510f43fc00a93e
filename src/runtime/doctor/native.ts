/** Native TensorFlow: which one is found, whether it is whole, loads and computes, with how many threads. */
import { availableParallelism } from 'node:os';
import { ZooError } from '../../core/errors.js';
import { chooseOffer } from '../choose-offer.js';
import { type FoundRuntime, findRuntime } from '../find-runtime.js';
import type { Machine } from '../machine.js';
import { mendCommand } from '../mend-command.js';
import { type ProbeReport, probeRuntime } from '../probe-runtime.js';
import type { RuntimeState } from '../runtime-status.js';
import { parseThreads } from '../threads.js';
import { type Finding, fact, messageOf, note, problem } from './finding.js';
import { examineInstalled } from './installed.js';

const KINDS = {
  environment: 'named by ZOO_RUNTIME',
  managed: 'managed by zoo',
  program: "the program's own @tensorflow/tfjs-node",
};

export interface NativeQuestion {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly cwd: string;
  readonly machine: Machine;
  readonly signal: AbortSignal;
}

export interface NativeAnswer {
  readonly findings: readonly Finding[];
  /** What a fresh process saw, if TensorFlow works. */
  readonly probe: ProbeReport | undefined;
}

export async function examineNative(question: NativeQuestion): Promise<NativeAnswer> {
  const [trial, installed] = await Promise.all([tryOut(question), examineInstalled(question)]);
  return {
    findings: [
      ...findingsOf(trial, installed.runtimes, question),
      ...installed.findings,
      threads(question.env),
    ],
    probe: 'probe' in trial ? trial.probe : undefined,
  };
}

/** What came of looking for a runtime and loading it in a fresh process. */
type Trial =
  | { readonly absent: unknown }
  | { readonly runtime: FoundRuntime; readonly probe: ProbeReport }
  | { readonly runtime: FoundRuntime; readonly failure: unknown };

async function tryOut(question: NativeQuestion): Promise<Trial> {
  const { env, home, cwd, signal } = question;
  let runtime: FoundRuntime;
  try {
    runtime = findRuntime(question);
  } catch (absent) {
    return { absent };
  }
  try {
    // A bad ZOO_THREADS is a finding of its own, and no fault of the runtime.
    const settings = { ...env, ZOO_HOME: home, ...(isThreads(env.ZOO_THREADS) ? {} : { ZOO_THREADS: '' }) };
    return { runtime, probe: await probeRuntime({ env: settings, cwd, signal }) };
  } catch (failure) {
    signal.throwIfAborted();
    return { runtime, failure };
  }
}

function findingsOf(
  trial: Trial,
  installed: readonly RuntimeState[],
  { env, machine }: NativeQuestion,
): Finding[] {
  if ('absent' in trial) {
    const remedy = env.ZOO_RUNTIME ? 'unset ZOO_RUNTIME' : remedyOfNone(machine);
    return [problem('runtime', 'Runtime', 'none', messageOf(trial.absent), remedy)];
  }
  const { runtime } = trial;
  const found = fact('runtime', 'Runtime', `${runtime.folder}, ${KINDS[runtime.kind]}`);
  if ('failure' in trial) {
    const why = foundBy(trial.failure);
    const remedy = remedyOfFailure(runtime, installed);
    return [found, problem('tensorflow', 'TensorFlow', 'does not work', why, remedy)];
  }
  const { tensorflow, tfjs, loadMs } = trial.probe;
  const works = `${tensorflow}, tfjs ${tfjs}, loads in ${loadMs} ms, computes and differentiates`;
  return [found, fact('tensorflow', 'TensorFlow', works)];
}

/** Where no runtime can be installed, the reason helps more than a command that would be refused. */
function remedyOfNone(machine: Machine): string {
  try {
    chooseOffer({}, machine);
  } catch (error) {
    if (error instanceof ZooError && error.hint !== undefined) return error.hint;
  }
  return 'zoo runtime install';
}

function remedyOfFailure({ kind, folder }: FoundRuntime, installed: readonly RuntimeState[]): string {
  if (kind === 'environment') return 'unset ZOO_RUNTIME';
  if (kind === 'program') return 'zoo runtime install';
  const state = installed.find((one) => one.folder === folder);
  // All files are right and it still does not work: only the binding, which was built here, can be the reason.
  return state === undefined
    ? 'zoo runtime install --force'
    : mendCommand(state.runtime, { force: state.ok });
}

function threads(env: NodeJS.ProcessEnv): Finding {
  const cores = availableParallelism();
  if (!env.ZOO_THREADS) return fact('threads', 'Threads', `${cores} (all cores)`);
  if (!isThreads(env.ZOO_THREADS)) {
    const detail = 'ZOO_THREADS is not a number of threads from 1 to 1024.';
    return problem('threads', 'Threads', env.ZOO_THREADS, detail, 'unset ZOO_THREADS');
  }
  const value = `${Number(env.ZOO_THREADS)} (ZOO_THREADS)`;
  if (Number(env.ZOO_THREADS) <= cores) return fact('threads', 'Threads', value);
  return note('threads', 'Threads', value, `More than this machine's ${cores} cores.`);
}

function isThreads(value: string | undefined): boolean {
  try {
    parseThreads(value);
    return true;
  } catch {
    return false;
  }
}

/** What was found is more telling than the message, which only says that it failed. */
function foundBy(error: unknown): string {
  const found = error instanceof Error && 'found' in error ? error.found : undefined;
  return typeof found === 'string' ? found : messageOf(error);
}
