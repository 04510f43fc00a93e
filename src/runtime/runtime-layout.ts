/**
 * Where managed runtimes lie in the cache:
 *
 *     runtime/current.json                           {"runtime": "2.18.0-cpu-linux-x64"}, replaced atomically
 *     runtime/<tensorflow>-<cpu|gpu>-<platform>/
 *       runtime.json                                 what it is made of, written last
 *       tensorflow/…                                 members of the TensorFlow wheel
 *       nvidia/…                                     members of the CUDA wheels (gpu)
 *       node_modules/@tensorflow/tfjs-node/…         the binding and its JavaScript
 */
import { join } from 'node:path';

export const CURRENT_FILE = 'current.json';
export const MANIFEST_FILE = 'runtime.json';

/** @param home the cache folder. */
export function runtimesFolder(home: string): string {
  return join(home, 'runtime');
}
