/** The installation of a runtime on standard error: bars or lines of its transfers, and a line for each of its steps. */
import type { InstallEvent, InstallListener } from '../runtime/install-events.js';
import type { ProgressView } from './progress.js';
import type { Terminal } from './terminal.js';

/** Damaged files that are named; of more only the count is told. */
const MOST_NAMED = 3;

/** Shows each event; the transfers' own go to `progress`. */
export function showInstallEvent(progress: ProgressView, terminal: Terminal): InstallListener {
  return (event) => {
    if (event.type === 'runtime' || event.type === 'step') {
      for (const line of plainLines(event)) terminal.note(line);
    } else progress.update(event);
  };
}

function plainLines(event: Extract<InstallEvent, { type: 'runtime' | 'step' }>): string[] {
  if (event.type === 'step') {
    const what = event.step === 'compile' ? 'building the binding with' : 'proving it on';
    return [`${what} ${event.detail}`];
  }
  const { runtime, fetch, size, tested, mending } = event;
  const megabytes = (count: number) => `${Math.round(count / 1e6)} MB`;
  const cost = fetch === 0 ? 'all files are in the cache' : `${megabytes(fetch)} to fetch`;
  return [
    `runtime ${runtime}: ${cost}, ${megabytes(size)} on the disk`,
    ...(mending === undefined || mending.length === 0 ? [] : [`mending ${listed(mending)}`]),
    ...(tested ? [] : ['neuralzoo is not tested on this one: please report how it goes']),
  ];
}

function listed(paths: readonly string[]): string {
  const more = paths.length - MOST_NAMED;
  return `${paths.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
