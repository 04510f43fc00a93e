/** Faults of sources as errors for people. */
import { ZooError } from '../core/errors.js';
import type { SourceFault } from '../sources/remote-file.js';

/** @param subject what could not be done, before the fault's own words. */
export function faultError(fault: SourceFault, subject = ''): ZooError {
  return new ZooError(codeOf(fault), `${subject}${fault.message}`, { cause: fault });
}

function codeOf({ kind, status }: SourceFault): 'NOT_FOUND' | 'NETWORK' | 'SERVER' {
  if (kind === 'missing') return 'NOT_FOUND';
  return status === undefined && (kind === 'broken' || kind === 'refused') ? 'NETWORK' : 'SERVER';
}
