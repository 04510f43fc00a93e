/** Why something can't become a native graph. Whoever asked for one goes on without. */
import { ZooError } from '../core/errors.js';

/** @param what the sentence's end: "The computation can't be traced: it …". */
export function untraceable(what: string, found?: string): ZooError {
  return new ZooError('DATA', `The computation can't become a native graph: ${what}`, {
    ...(found === undefined ? {} : { found }),
    hint: 'It can be run without a graph, operation by operation, with the same results.',
  });
}
