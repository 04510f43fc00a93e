/** The one error that a transfer ends with when no source is left, naming each and why. */
import { ZooError, type ZooErrorCode } from '../core/errors.js';
import type { SourceState } from './source-state.js';

export function allSourcesFailed(label: string, size: number, sources: readonly SourceState[]): ZooError {
  if (sources.length === 0) {
    return new ZooError('NOT_FOUND', `Nothing is known that has ${label}`);
  }
  const reasons = sources.map((source) => `${source.label}: ${reasonOf(source)}`);
  const code = codeOf(sources);
  return new ZooError(code, `No source could deliver ${label}`, {
    expected: `${size} bytes`,
    found: reasons.join('\n'),
    hint:
      code === 'INTEGRITY'
        ? 'The sources have other bytes than the card promises. Tell whoever publishes the card.'
        : 'What has arrived is kept: run the command again to go on from there.',
    cause: sources.find((source) => source.lastFault)?.lastFault,
  });
}

/** A fault's message begins with the label of its source already. */
function reasonOf(source: SourceState): string {
  const reason = source.leftBecause ?? source.lastFault?.message ?? 'not asked';
  const prefix = `${source.label}: `;
  return reason.startsWith(prefix) ? reason.slice(prefix.length) : reason;
}

function codeOf(sources: readonly SourceState[]): ZooErrorCode {
  if (sources.some((source) => source.sentWrong)) return 'INTEGRITY';
  const errors = sources.map((source) => source.openError?.code);
  const [first] = errors;
  if (first !== undefined && errors.every((code) => code === first)) return first;
  const answered = sources.some(
    ({ lastFault }) =>
      lastFault !== undefined &&
      (lastFault.status !== undefined || (lastFault.kind !== 'broken' && lastFault.kind !== 'refused')),
  );
  return answered ? 'SERVER' : 'NETWORK';
}

/** The reason of an abort as an error of ours. */
export function abortError(label: string, signal: AbortSignal): ZooError {
  const { reason } = signal;
  if (reason instanceof ZooError) return reason;
  return new ZooError('ABORTED', `Interrupted while fetching ${label}`, {
    hint: 'What has arrived is kept: run the command again to go on from there.',
    cause: reason,
  });
}
