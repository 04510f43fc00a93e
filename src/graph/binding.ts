/**
 * The native side of tfjs-node as this room uses it: the binding that runs one operation at a time, and the session of
 * a SavedModel. tfjs-node declares half of it private, so that what is used stands here and is checked once.
 */
import { ZooError } from '../core/errors.js';
import { type Tensor, tf } from '../runtime/tensorflow.js';

/** An attribute as the binding takes it; `type` is one of its `TF_ATTR_…`. */
export interface NativeAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A native tensor: its id, which is never given twice, and TensorFlow's number of its type. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

export interface Binding {
  executeOp(
    operation: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): NativeTensor[];
  deleteTensor(id: number): void;
  tensorDataSync(id: number): unknown;
  getNumOfTensors(): number;
}

/** Where a signature's tensor is in the graph. */
export interface FedTensor {
  /** `node:output`. */
  readonly name: string;
}

export interface NativeBackend {
  binding: Binding;
  /** Ids of tensors; values that are still JavaScript's become native by it. */
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(tensor: NativeTensor): Tensor;
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(
    session: number,
    inputs: readonly Tensor[],
    fed: readonly FedTensor[],
    outputs: readonly string[],
  ): Tensor[];
  deleteSavedModel(session: number): void;
}

const METHODS = [
  'getInputTensorIds',
  'createOutputTensor',
  'loadSavedModelMetaGraph',
  'runSavedModel',
  'deleteSavedModel',
] as const;
const BINDING_METHODS = ['executeOp', 'deleteTensor', 'tensorDataSync', 'getNumOfTensors'] as const;

/** @throws ZooError `NO_RUNTIME` when there is none, or one that works otherwise. */
export function nativeBackend(): NativeBackend {
  const backend: unknown = tf.backend();
  if (isNative(backend)) return backend;
  throw new ZooError('NO_RUNTIME', 'Native graphs need native TensorFlow', {
    expected: 'the backend of tfjs-node 4.22',
    found: `${tf.getBackend()}, TensorFlow.js ${tf.version.tfjs}`,
    hint: 'Install the runtime that neuralzoo was made for: zoo runtime install',
  });
}

function isNative(backend: unknown): backend is NativeBackend {
  if (!hasMethods(backend, METHODS) || !('binding' in backend)) return false;
  return hasMethods(backend.binding, BINDING_METHODS);
}

function hasMethods(value: unknown, names: readonly string[]): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}
