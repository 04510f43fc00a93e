/** Ctrl-C: the first stops cleanly and leaves a resumable state, the second stops at once. */
import { setMaxListeners } from 'node:events';
import type { Terminal } from './terminal.js';

/** Aborted by the first SIGINT or SIGTERM. */
export function interruptSignal(terminal: Terminal): AbortSignal {
  const controller = new AbortController();
  // Each request under way listens; Node would warn of a leak from the eleventh on.
  setMaxListeners(0, controller.signal);
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    terminal.note('stopping; what has arrived is kept (Ctrl-C again to stop at once)');
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}
