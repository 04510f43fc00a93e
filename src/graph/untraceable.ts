/** Why something can't become a native graph. Whoever asked for one goes on without. */
import { ZooError } from '../core/errors.js';

/** @param what the sentence's end: "The computation can't be traced: it …". */
export function untraceable(what: string, found?: string): ZooError {
  return new ZooError('DATA', `The computation can't become a native graph: ${what}`, {
    ...(found === undefined ? {} : { found }),
    hint: 'It can be run without a graph, operation by operation, with the same results.',
  });
}

/** An error in one sentence. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof ZooError)) return error instanceof Error ? error.message : String(error);
  return error.found === undefined ? error.message : `${error.message} (${error.found})`;
}
