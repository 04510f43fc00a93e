/** What every command that runs networks begins and ends with: the zoo, its progress, native TensorFlow. */
import type { AdaptingZoo } from '../training/adapting-zoo.js';
import type { PullListener } from '../zoo/pull-events.js';
import type { OptionValues, RunContext } from './command.js';
import { needRuntime, THREADS_OPTION, YES_OPTION } from './need-runtime.js';
import { count, flag, OFFLINE_OPTION } from './options.js';

/** The options that `withZoo` reads; `--json` silences the progress of pulls. */
export const ZOO_OPTIONS = [THREADS_OPTION, YES_OPTION, OFFLINE_OPTION] as const;

export interface OpenedZoo {
  readonly zoo: AdaptingZoo;
  /** For whatever pulls. */
  readonly pulling: { readonly signal: AbortSignal; readonly onEvent: PullListener | undefined };
  /** Nothing more is pulled: leaves the terminal clean for what is drawn next. */
  pulled(): void;
}

/**
 * @returns what `run` returns; the zoo is closed then.
 * @throws ZooError `USAGE` for `--threads`; as `needRuntime`; what `run` throws.
 */
export async function withZoo<T>(
  options: OptionValues,
  context: RunContext,
  run: (opened: OpenedZoo) => Promise<T>,
): Promise<T> {
  const [{ openZoo }, { openProgress }] = await Promise.all([
    import('../training/adapting-zoo.js'),
    import('./progress.js'),
  ]);
  const { terminal, signal, env, cwd } = context;
  const threads = count(options, 'threads');
  const offline = flag(options, 'offline');
  const zoo = await openZoo({ env, cwd, ...(offline ? { offline } : {}) });
  const progress = flag(options, 'json') ? undefined : openProgress(terminal);
  const pulled = () => progress?.end();
  try {
    await needRuntime({ home: zoo.home, offline, yes: flag(options, 'yes'), threads }, context);
    return await run({ zoo, pulling: { signal, onEvent: progress?.update.bind(progress) }, pulled });
  } finally {
    pulled();
    await zoo.close();
  }
}
