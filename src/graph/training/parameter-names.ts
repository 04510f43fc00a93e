/** Which parameter a kernel reads, where it is read as it is or in another shape. */
import type { Network } from '../../formats/network.js';
import type { Tensor } from '../../runtime/tensorflow.js';
import type { KernelCall } from './kernel-rewrites.js';

/** Kernels that change nothing but the shape. */
const UNCHANGED: readonly string[] = ['Identity', 'Reshape'];

/** One for each pass through a network. */
export class ParameterNames {
  readonly #names: Map<number, string>;

  constructor({ parameters }: Network) {
    this.#names = new Map([...parameters.values()].map(({ name, value }) => [value.id, name]));
  }

  /** Sees each kernel with its result. */
  remember({ name, inputs: { x } }: KernelCall, result: Tensor): void {
    const known = this.of(x);
    if (known !== undefined && UNCHANGED.includes(name)) this.#names.set(result.id, known);
  }

  /** Undefined for what is no parameter. Kernels may be called without some of their inputs. */
  of(tensor: Tensor | null | undefined): string | undefined {
    return tensor === null || tensor === undefined ? undefined : this.#names.get(tensor.id);
  }
}
