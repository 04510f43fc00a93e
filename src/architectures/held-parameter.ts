/** A parameter that a network owns. */
import { checkTensor } from '../formats/match-inputs.js';
import type { Parameter } from '../formats/network.js';
import { type DataType, type Tensor, tf } from '../runtime/tensorflow.js';
import type { TopologyParameter } from './topology.js';

export class HeldParameter implements Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly trainable: boolean;
  #value: Tensor;

  constructor({ name, shape, dtype, trainable, data }: TopologyParameter) {
    this.name = name;
    this.shape = shape;
    this.dtype = dtype;
    this.trainable = trainable;
    this.#value = tf.keep(tf.tensor(data, [...shape], dtype));
  }

  get value(): Tensor {
    return this.#value;
  }

  /** Takes `value` over and frees the old one. @throws ZooError `DATA` for another shape or type. */
  replace(value: Tensor): void {
    checkTensor(value, this);
    if (value === this.#value) return;
    this.#value.dispose();
    this.#value = tf.keep(value);
  }

  dispose(): void {
    this.#value.dispose();
  }
}
