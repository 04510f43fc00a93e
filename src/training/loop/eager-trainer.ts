/** Training operation by operation: slower than a graph, and possible for whatever has gradients. */
import type { Network, NetworkInputs } from '../../formats/network.js';
import type { Weight, Weights } from '../../formats/weight.js';
import {
  type NamedTensorMap,
  type Scalar,
  type Tensor,
  type Tensor2D,
  tf,
  type Variable,
} from '../../runtime/tensorflow.js';
import { meanLoss } from '../../transfer/heads/loss.js';
import { float32 } from '../../transfer/heads/weight-data.js';
import { poolPositions } from '../../transfer/pooling.js';
import type { Batch } from '../../transfer/prepare/preparer.js';
import { EagerOptimizer } from './eager-optimizer.js';
import { scaleFeatures } from './scale-features.js';
import type { Trainer, TrainerOptions } from './trainer.js';

/**
 * The network's trainable parameters are variables from now on.
 * @throws RangeError for a name that is no parameter.
 */
export function eagerTrainer(options: TrainerOptions): Trainer {
  return new EagerTrainer(options);
}

class EagerTrainer implements Trainer {
  readonly way = 'eager';
  readonly #options: TrainerOptions;
  readonly #network: Map<string, Variable>;
  readonly #head: Map<string, Variable>;
  readonly #optimizer: EagerOptimizer;

  constructor(options: TrainerOptions) {
    this.#options = options;
    const { backbone, start, trainable } = options;
    this.#network = new Map(trainable.map((name) => [name, variableFor(backbone.network, name)]));
    this.#head = new Map([...start].map(([name, weight]) => [name, headVariable(weight)]));
    this.#optimizer = new EagerOptimizer(
      options.optimizer,
      [...this.#network.values(), ...this.#head.values()],
      options.clipNorm,
    );
  }

  async step(batch: Batch, targets: Tensor2D, rate: number, dropout: number): Promise<number> {
    const { backbone, given } = this.#options;
    const variables = [...this.#network.values(), ...this.#head.values()];
    const values = given.length === 0 ? [] : await backbone.network.run(batch.inputs, given);
    const fed = withGiven(backbone.network, batch.inputs, given, values);
    const { value, grads } = tf.variableGrads(() => this.#loss(fed, batch.mask, targets, dropout), variables);
    try {
      this.#optimizer.apply(byOrder(grads, variables), rate);
      return (await value.data())[0] ?? Number.NaN;
    } finally {
      tf.dispose([value, grads, ...values]);
    }
  }

  #loss(inputs: NetworkInputs, mask: Tensor | undefined, targets: Tensor2D, dropout: number): Scalar {
    const { backbone, head } = this.#options;
    const [output] = backbone.network.forward(inputs, [backbone.cut]);
    if (output === undefined || head.differentiable === undefined || head.loss === undefined) {
      throw new RangeError('a trainer needs a network that gives features, and a head with a loss');
    }
    const features = scaleFeatures(head, poolPositions(output, backbone.pooling, mask));
    const parameters = head.differentiable.names.flatMap((name) => this.#head.get(name) ?? []);
    return meanLoss(head.loss, head.differentiable.apply(features, parameters, dropout), targets);
  }

  async head(): Promise<Weights> {
    const read = async ([name, variable]: [string, Variable]) =>
      [name, float32(variable.shape, await variable.data<'float32'>())] as const;
    return new Map(await Promise.all([...this.#head].map(read)));
  }

  async finish(): Promise<void> {
    this.#optimizer.dispose();
    for (const variable of this.#head.values()) variable.dispose();
  }
}

function withGiven(
  network: Network,
  inputs: NetworkInputs,
  given: readonly string[],
  values: readonly Tensor[],
): NetworkInputs {
  if (given.length === 0) return inputs;
  const [only] = network.inputs;
  const named = inputs instanceof tf.Tensor ? { [only?.name ?? '']: inputs } : inputs;
  const more = given.flatMap((name, index) => {
    const value = values[index];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...named, ...Object.fromEntries(more) };
}

function variableFor(network: Network, name: string): Variable {
  const parameter = network.parameters.get(name);
  if (parameter === undefined) throw new RangeError(`${name} is no parameter of the network`);
  const variable = tf.tidy(() => tf.variable(parameter.value.clone()));
  network.assign(name, variable);
  return variable;
}

function headVariable({ data, shape }: Weight): Variable {
  return tf.tidy(() => tf.variable(tf.tensor(data, [...shape], 'float32')));
}

/** tfjs names them by the variables' own names. */
function byOrder(gradients: NamedTensorMap, variables: readonly Variable[]): Tensor[] {
  return variables.map((variable) => gradients[variable.name] ?? tf.zerosLike(variable));
}
