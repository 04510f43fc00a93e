/** Pictures are read without TensorFlow too: what needs it is left out where there is none. */
import { findRuntime } from '../../../src/runtime/find-runtime.js';

export function hasTensorFlow(): boolean {
  try {
    findRuntime();
    return true;
  } catch {
    return false;
  }
}
