/** Training operation by operation: slower than a graph, and possible for whatever has gradients. */
import { ZooError } from '../../core/errors.js';
import type { Network, NetworkInputs } from '../../formats/network.js';
import type { Weight, Weights } from '../../formats/weight.js';
import { Randomness } from '../../graph/training/randomness.js';
import {
  type NamedTensorMap,
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
import { type BatchPart, partsOf } from './parts-of-batch.js';
import { scaleFeatures } from './scale-features.js';
import {
  HEAD_PREFIX,
  headOf,
  type StepInput,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
} from './trainer.js';

/**
 * The network's trainable parameters are variables from now on.
 * @throws RangeError for a name that is no parameter.
 */
export function eagerTrainer(options: TrainerOptions): Trainer {
  return new EagerTrainer(options);
}

class EagerTrainer implements Trainer {
  readonly way = 'eager';
  readonly boundary = undefined;
  readonly changing: readonly string[];
  readonly #options: TrainerOptions;
  /** All that is trained, by the names of a `TrainerState`. */
  readonly #variables: ReadonlyMap<string, Variable>;
  readonly #optimizer: EagerOptimizer;

  constructor(options: TrainerOptions) {
    this.#options = options;
    const { backbone, start, trainable, optimizer, rates, clipNorm } = options;
    this.changing = trainable;
    this.#variables = new Map([
      ...trainable.map((name) => [name, variableFor(backbone.network, name)] as const),
      ...[...start].map(([name, weight]) => [HEAD_PREFIX + name, headVariable(weight)] as const),
    ]);
    const trained = [...this.#variables].map(([name, variable]) => ({
      variable,
      factor: rates?.get(name) ?? 1,
    }));
    this.#optimizer = new EagerOptimizer(optimizer, trained, clipNorm);
  }

  /** TensorFlow.js frees what it can as it goes: nobody has counted what is left. */
  memory(): undefined {
    return undefined;
  }

  frozen(): Promise<Tensor[]> {
    throw new RangeError('operation by operation nothing is computed beforehand');
  }

  async step(input: StepInput, targets: Tensor2D, rate: number, dropout: number): Promise<number> {
    const parts = partsOf(batchOf(input), targets, this.#options.accumulate ?? 1);
    let sums: Tensor[] | undefined;
    let loss = 0;
    try {
      for (const [index, part] of parts.entries()) {
        const { value, gradients } = await this.#gradients(part, dropout, index);
        const before: readonly Tensor[] = sums ?? [];
        sums = tf.tidy(() =>
          gradients.map((gradient, place) => {
            const weighted = parts.length === 1 ? gradient.clone() : gradient.mul(part.share);
            const sum = before[place];
            return sum === undefined ? weighted : sum.add(weighted);
          }),
        );
        tf.dispose([...before, ...gradients]);
        loss += part.share * value;
      }
      this.#optimizer.apply(sums ?? [], rate);
      return loss;
    } finally {
      tf.dispose(sums ?? []);
      for (const part of parts) part.dispose();
    }
  }

  async #gradients({ batch, targets }: BatchPart, dropout: number, part: number) {
    const variables = [...this.#variables.values()];
    const { head } = this.#options;
    return this.#withGiven(batch, async (inputs) => {
      const { value, grads } = tf.variableGrads(() => {
        // As in a graph: its seeds have 31 bits, and draws of a part are counted in the lower half of the second number.
        const random = new Randomness(tf.tensor1d([dropout >>> 1, part << 16], 'int32'));
        const outputs = this.#outputs(inputs, batch.mask, (units, rate) => random.dropout(units, rate));
        return meanLoss(head.loss ?? 'squared', outputs, targets);
      }, variables);
      try {
        return { value: (await value.data())[0] ?? Number.NaN, gradients: byOrder(grads, variables) };
      } finally {
        value.dispose();
      }
    });
  }

  async outputs(input: StepInput): Promise<Tensor2D> {
    const batch = batchOf(input);
    return this.#withGiven(batch, async (inputs) => tf.tidy(() => this.#outputs(inputs, batch.mask)));
  }

  #outputs(
    inputs: NetworkInputs,
    mask: Tensor | undefined,
    drop?: (units: Tensor, rate: number) => Tensor,
  ): Tensor2D {
    const { backbone, head } = this.#options;
    const [output] = backbone.network.forward(inputs, [backbone.cut]);
    if (output === undefined || head.differentiable === undefined) {
      throw new RangeError('a trainer needs a network that gives features, and a head with gradients');
    }
    const features = scaleFeatures(head, poolPositions(output, backbone.pooling, mask));
    const parameters = head.differentiable.names.flatMap(
      (name) => this.#variables.get(HEAD_PREFIX + name) ?? [],
    );
    return head.differentiable.apply(features, parameters, drop);
  }

  async #withGiven<T>({ inputs }: Batch, use: (inputs: NetworkInputs) => Promise<T>): Promise<T> {
    const { backbone, given } = this.#options;
    const values = given.length === 0 ? [] : await backbone.network.run(inputs, given);
    try {
      return await use(withGiven(backbone.network, inputs, given, values));
    } finally {
      tf.dispose(values);
    }
  }

  async state(): Promise<TrainerState> {
    const slots = this.#optimizer.slots();
    const named = [...this.#variables.keys()].flatMap((name, index) =>
      [...(slots[index] ?? [])].map(([slot, variable]) => [`${slot}/${name}`, variable] as const),
    );
    return {
      weights: await valuesOf(this.#variables),
      slots: await valuesOf(new Map(named)),
      steps: this.#optimizer.steps,
    };
  }

  async restore({ weights, slots, steps }: TrainerState): Promise<void> {
    const names = [...this.#variables.keys()];
    for (const [name, variable] of this.#variables) assign(variable, weights.get(name), name);
    for (const [index, remembered] of this.#optimizer.slots().entries()) {
      for (const [slot, variable] of remembered) {
        const name = `${slot}/${names[index]}`;
        assign(variable, slots.get(name), name);
      }
    }
    this.#optimizer.continueFrom(steps);
  }

  async finish(): Promise<Weights> {
    const head = headOf(await valuesOf(this.#variables));
    this.#optimizer.dispose();
    for (const [name, variable] of this.#variables) if (name.startsWith(HEAD_PREFIX)) variable.dispose();
    return head;
  }
}

function batchOf({ batch }: StepInput): Batch {
  if (batch === undefined) throw new RangeError('operation by operation a step takes inputs');
  return batch;
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

async function valuesOf(variables: ReadonlyMap<string, Variable>): Promise<Weights> {
  const read = async ([name, variable]: [string, Variable]) =>
    [name, float32(variable.shape, (await variable.data<'float32'>()).slice())] as const;
  return new Map(await Promise.all([...variables].map(read)));
}

function assign(variable: Variable, weight: Weight | undefined, name: string): void {
  if (weight === undefined || weight.shape.join() !== variable.shape.join()) {
    throw new ZooError('DATA', `Training can't go on from ${name}`, {
      expected: `[${variable.shape.join(', ')}] float32`,
      found: weight === undefined ? 'nothing' : `[${weight.shape.join(', ')}]`,
    });
  }
  tf.tidy(() => variable.assign(tf.tensor(weight.data, [...weight.shape], 'float32')));
}

/** tfjs names them by the variables' own names. */
function byOrder(gradients: NamedTensorMap, variables: readonly Variable[]): Tensor[] {
  return variables.map((variable) => gradients[variable.name] ?? tf.zerosLike(variable));
}
