/** Native TensorFlow for commands that can't do without: offered on a terminal, got unasked with `--yes`. */
import type { RunContext } from './command.js';

export const YES_OPTION = {
  flags: '--yes',
  description: 'install native TensorFlow without asking, if it is missing',
} as const;
export const THREADS_OPTION = {
  flags: '--threads <n>',
  description: 'threads of TensorFlow (default: all cores, or ZOO_THREADS)',
} as const;

export interface NeedRuntimeOptions {
  /** The cache folder. */
  readonly home: string;
  readonly offline: boolean;
  /** Installs without asking. */
  readonly yes: boolean;
  readonly threads?: number | undefined;
}

/**
 * Loads native TensorFlow; where there is none, installs it if the person agrees.
 * @throws ZooError `NO_RUNTIME` when there is none and nobody agreed; `ABORTED` by Ctrl-C at the question; as
 * `installRuntime`.
 */
export async function needRuntime(options: NeedRuntimeOptions, context: RunContext): Promise<void> {
  const [{ openTensorFlow }, { findRuntime }, { ZooError }] = await Promise.all([
    import('../runtime/tensorflow.js'),
    import('../runtime/find-runtime.js'),
    import('../core/errors.js'),
  ]);
  const { home, threads } = options;
  const { env, cwd } = context;
  try {
    findRuntime({ env, home, cwd });
  } catch (error) {
    const isMissing = error instanceof ZooError && error.code === 'NO_RUNTIME' && !env.ZOO_RUNTIME;
    if (!isMissing || !(await agreed(options, context))) throw error;
    await install(options, context);
  }
  openTensorFlow({ env, home, cwd, threads });
}

async function agreed({ yes }: NeedRuntimeOptions, { terminal, signal }: RunContext): Promise<boolean> {
  if (yes) return true;
  if (!terminal.interactive || process.stdin.isTTY !== true) return false;
  const [{ default: confirm }, { ZooError }] = await Promise.all([
    import('@inquirer/confirm'),
    import('../core/errors.js'),
  ]);
  const message = 'Native TensorFlow is not installed. Install it now (about 200 MB)?';
  try {
    return await confirm({ message, default: true }, { output: process.stderr, signal });
  } catch (cause) {
    // The terminal is in raw mode while it asks: Ctrl-C is a key then, and no signal of the process.
    const left = cause instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(cause.name);
    throw left ? new ZooError('ABORTED', 'Interrupted; nothing was installed', { cause }) : cause;
  }
}

async function install({ home, offline }: NeedRuntimeOptions, context: RunContext): Promise<void> {
  const { terminal, env, cwd, signal } = context;
  const [{ installRuntime }, { openProgress }, { showInstallEvent }] = await Promise.all([
    import('../runtime/install-runtime.js'),
    import('./progress.js'),
    import('./install-progress.js'),
  ]);
  const progress = openProgress(terminal);
  try {
    const onEvent = showInstallEvent(progress, terminal);
    await installRuntime({ home, env, cwd, offline, signal, onEvent });
  } finally {
    progress.end();
  }
}
