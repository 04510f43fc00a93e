/** Native TensorFlow in the checkout's own cache, where `npm test` has installed it. */
import { ZooError } from '../../src/core/errors.js';
import { findRuntime } from '../../src/runtime/find-runtime.js';
import { CHECKOUT_HOME } from './checkout-home.js';

/** Its folder; undefined when there is none. */
export function checkoutRuntime(): string | undefined {
  try {
    const found = findRuntime({ env: {}, home: CHECKOUT_HOME });
    return found.kind === 'managed' ? found.folder : undefined;
  } catch (error) {
    if (error instanceof ZooError && error.code === 'NO_RUNTIME') return undefined;
    throw error;
  }
}

/** Its folder, or that of `ZOO_RUNTIME`. @throws Error when a test needs one and there is none. */
export function nativeRuntime(): string {
  const folder = process.env.ZOO_RUNTIME;
  if (folder !== undefined) return folder;
  throw new Error('These tests need native TensorFlow in cache/home; "npm test" installs it there.');
}
