/** Tries native TensorFlow out in a process of its own: a library that crashes takes only that process with it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ZooError } from '../core/errors.js';
import type { FoundRuntime } from './find-runtime.js';

export interface ProbeReport {
  readonly kind: FoundRuntime['kind'];
  readonly folder: string;
  /** `tensorflow` when it is native. */
  readonly backend: string;
  /** Version of the TensorFlow library itself. */
  readonly tensorflow: string;
  /** Version of tfjs. */
  readonly tfjs: string;
  /** True when TensorFlow computes on a GPU. */
  readonly gpu: boolean;
  /** True when a small computation and its gradient gave the right numbers. */
  readonly computes: boolean;
  readonly loadMs: number;
}

export interface ProbeOptions {
  /** Settings of the child; `ZOO_RUNTIME` in it names the runtime to try. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The Node that runs it; this one by default. */
  readonly node?: string;
  /** Milliseconds; 60,000 by default. The first load of a cold library reads 700 MB. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const CHILD = fileURLToPath(import.meta.resolve('#runtime-probe'));

/**
 * Loads the runtime in a fresh process and lets it compute.
 * @throws ZooError `NO_RUNTIME` with the child's last words when it does not load, crashes, computes wrongly or takes
 * too long; the signal's reason.
 */
export async function probeRuntime(options: ProbeOptions): Promise<ProbeReport> {
  const { signal, timeoutMs = 60_000 } = options;
  signal?.throwIfAborted();
  const child = spawn(options.node ?? process.execPath, [CHILD], {
    env: options.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  try {
    const [stdout, stderr, end] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<string>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, name) => resolve(name ?? `exit code ${code}`));
      }),
    ]);
    signal?.throwIfAborted();
    const report = parseReport(stdout);
    if (end === 'exit code 0' && report?.computes === true) return report;
    throw new ZooError('NO_RUNTIME', 'Native TensorFlow does not work in a fresh process', {
      expected: 'a small computation and its gradient',
      found: report === undefined ? `${end}: ${lastWords(stderr)}` : `wrong numbers (${end})`,
      hint: 'Run "zoo doctor" to see why; "zoo runtime install" mends a managed runtime.',
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', kill);
  }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  // Only the end is looked at: an endless talker must not fill the memory.
  for await (const chunk of stream) all = `${all}${chunk}`.slice(-20_000);
  return all;
}

function parseReport(stdout: string): ProbeReport | undefined {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as ProbeReport; // printed by probe-child.ts alone
  } catch {
    return undefined;
  }
}

/** The line of a Node crash report that names the error, else the last line. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const named = lines.find((line) => /^(\w*Error|ZooError)\b.*:/.test(line));
  return named ?? lines.filter((line) => line !== '').at(-1) ?? 'no output';
}
