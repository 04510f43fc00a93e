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
import { join, posix } from 'node:path';

export const CURRENT_FILE = 'current.json';
export const MANIFEST_FILE = 'runtime.json';

export const TFJS_NODE = '@tensorflow/tfjs-node';
/** Of tfjs-node's own folder. Node-API 8 is what it asks node-pre-gyp for on every Node that this program runs on. */
export const BINDING = 'lib/napi-v8/tfjs_binding.node';
/** Of a runtime's folder, as manifests write it. */
export const BINDING_PATH = posix.join('node_modules', TFJS_NODE, BINDING);

/** @param home the cache folder. */
export function runtimesFolder(home: string): string {
  return join(home, 'runtime');
}
