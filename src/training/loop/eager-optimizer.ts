/** Optimisers over variables. */
import { type Tensor, tf, type Variable } from '../../runtime/tensorflow.js';
import { decays, type Optimizer, slotNames } from './optimizer.js';

/** A variable that is trained. */
export interface Trained {
  readonly variable: Variable;
  /** Factor of the learning rate. */
  readonly factor: number;
}

interface Slot extends Trained {
  readonly first: Variable;
  /** Of Adam. */
  readonly second: Variable | undefined;
}

export class EagerOptimizer {
  readonly #optimizer: Optimizer;
  readonly #clipNorm: number | undefined;
  readonly #slots: readonly Slot[];
  #steps = 0;

  constructor(optimizer: Optimizer, trained: readonly Trained[], clipNorm: number | undefined) {
    this.#optimizer = optimizer;
    this.#clipNorm = clipNorm;
    this.#slots = trained.map((each) => ({
      ...each,
      first: zeros(each.variable),
      second: optimizer.kind === 'sgd' ? undefined : zeros(each.variable),
    }));
  }

  /** Updates so far. */
  get steps(): number {
    return this.#steps;
  }

  /** What it remembers, for each variable in order, by the names of `slotNames`. */
  slots(): readonly ReadonlyMap<string, Variable>[] {
    const names = slotNames(this.#optimizer);
    return this.#slots.map(({ first, second }) => {
      const variables = second === undefined ? [first] : [first, second];
      return new Map(
        names.flatMap((name, index) => {
          const variable = variables[index];
          return variable === undefined ? [] : [[name, variable] as const];
        }),
      );
    });
  }

  /** Goes on as if it had taken so many steps; the slots were assigned by the caller. */
  continueFrom(steps: number): void {
    this.#steps = steps;
  }

  /** @param gradients in the order of the variables; they stay the caller's. */
  apply(gradients: readonly Tensor[], rate: number): void {
    this.#steps += 1;
    tf.tidy(() => {
      const scale = this.#clipNorm === undefined ? undefined : clipScale(gradients, this.#clipNorm);
      for (const [index, slot] of this.#slots.entries()) {
        const gradient = gradients[index];
        if (gradient === undefined) continue;
        this.#update(slot, scale === undefined ? gradient : gradient.mul(scale), rate * slot.factor);
      }
    });
  }

  #update({ variable, first, second }: Slot, gradient: Tensor, rate: number): void {
    const optimizer = this.#optimizer;
    if (optimizer.kind === 'sgd' || second === undefined) {
      const momentum = optimizer.kind === 'sgd' ? optimizer.momentum : 0;
      first.assign(first.mul(momentum).sub(gradient.mul(rate)));
      variable.assign(variable.add(first));
      return;
    }
    const { beta1, beta2, epsilon } = optimizer;
    if (optimizer.kind === 'adamw' && decays(variable.shape)) {
      variable.assign(variable.mul(1 - rate * optimizer.decay));
    }
    first.assign(first.mul(beta1).add(gradient.mul(1 - beta1)));
    second.assign(second.mul(beta2).add(gradient.square().mul(1 - beta2)));
    const corrected = (rate * Math.sqrt(1 - beta2 ** this.#steps)) / (1 - beta1 ** this.#steps);
    variable.assign(variable.sub(first.div(second.sqrt().add(epsilon)).mul(corrected)));
  }

  dispose(): void {
    for (const { first, second } of this.#slots) {
      first.dispose();
      second?.dispose();
    }
  }
}

function zeros(variable: Variable): Variable {
  return tf.tidy(() => tf.variable(tf.zerosLike(variable), false));
}

/** At most 1, so that all gradients together have at most the length `most` (Pascanu et al. 2013, arXiv 1211.5063). */
function clipScale(gradients: readonly Tensor[], most: number): Tensor {
  const squares = gradients.map((gradient) => gradient.square().sum());
  const length = tf.addN(squares).sqrt();
  return tf.minimum(1, tf.scalar(most).div(length.maximum(1e-12)));
}
