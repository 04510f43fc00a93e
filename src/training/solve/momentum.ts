/**
 * Gradient descent with momentum. tfjs has one, whose `dispose` forgets a tensor; this one leaves nothing behind.
 */
import { type Scalar, tf, type Variable } from '../../runtime/tensorflow.js';

export class Momentum {
  readonly #rate: number;
  readonly #momentum: number;
  readonly #velocities: ReadonlyMap<Variable, Variable>;

  /** @param variables those that `minimize` changes. */
  constructor(rate: number, momentum: number, variables: readonly Variable[]) {
    this.#rate = rate;
    this.#momentum = momentum;
    this.#velocities = new Map(
      variables.map((variable) => [variable, tf.tidy(() => tf.variable(tf.zerosLike(variable)))]),
    );
  }

  /** One step. @returns the cost before it, owned by the caller. */
  minimize(cost: () => Scalar): Scalar {
    const { value, grads } = tf.variableGrads(cost, [...this.#velocities.keys()]);
    for (const [variable, velocity] of this.#velocities) {
      const gradient = grads[variable.name];
      if (gradient === undefined) continue;
      tf.tidy(() => {
        velocity.assign(velocity.mul(this.#momentum).add(gradient));
        variable.assign(variable.sub(velocity.mul(this.#rate)));
      });
      gradient.dispose();
    }
    return value;
  }

  dispose(): void {
    for (const velocity of this.#velocities.values()) velocity.dispose();
  }
}
