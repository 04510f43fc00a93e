/** An open session that trains: what goes in and comes out of the signatures of a training graph. */
import { ZooError } from '../../core/errors.js';
import type { NetworkInputs, TensorSpec } from '../../formats/network.js';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import type { NativeGraph } from '../native-graph.js';
import type { SizePlan } from '../open-sizes.js';
import {
  fittingFrozen,
  fittingInputs,
  fittingTargets,
  MOST_SEED,
  requireBoundary,
  requireSameRows,
  requireSeed,
  requireShape,
  type TargetSpec,
} from './fitting.js';
import { fromBoundary } from './freeze-boundary.js';
import { betasOf, type Optimizer, slotNames } from './optimizer.js';
import { partsOfRows, rowsOf } from './rows.js';
import type { NamedShape } from './session-variables.js';
import type { Slots } from './slots.js';
import type { StepMemory } from './step-memory.js';
import type { BoundaryTensor, NativeTraining, StepOptions } from './training.js';

export interface SessionDefinition {
  readonly inputs: readonly TensorSpec[];
  readonly targets: TargetSpec;
  readonly taken: SizePlan['taken'];
  readonly open: 'batch' | 'all';
  readonly trained: readonly NamedShape[];
  /** Running statistics that steps change. */
  readonly followed: readonly NamedShape[];
  readonly optimizer: Optimizer;
  readonly rates: ReadonlyMap<string, number>;
  readonly accumulate: number;
  readonly boundary: readonly BoundaryTensor[] | undefined;
  readonly memory: StepMemory;
  readonly memoryFrom: StepMemory | undefined;
}

interface Part {
  readonly tensors: readonly Tensor[];
  /** Of the batch. */
  readonly weight: number;
}

export class TrainingSession implements NativeTraining {
  readonly open: 'batch' | 'all';
  readonly boundary: readonly BoundaryTensor[] | undefined;
  readonly memory: StepMemory;
  readonly memoryFrom: StepMemory | undefined;
  readonly changing: readonly string[];
  readonly #graph: NativeGraph;
  readonly #definition: SessionDefinition;
  readonly #factors: readonly number[];
  /** Updates of each parameter, in order. */
  #steps: number[];
  #allSteps = 0;

  /** @param graph opened, its weights filled; owned from now on. */
  constructor(graph: NativeGraph, definition: SessionDefinition) {
    this.#graph = graph;
    this.#definition = definition;
    this.open = definition.open;
    this.boundary = definition.boundary;
    this.memory = definition.memory;
    this.memoryFrom = definition.memoryFrom;
    this.changing = [...definition.trained, ...definition.followed].map(({ name }) => name);
    this.#factors = definition.trained.map(({ name }) => definition.rates.get(name) ?? 1);
    this.#steps = definition.trained.map(() => 0);
    tf.tidy(() => this.#restore(new Map()));
  }

  async step(
    inputs: NetworkInputs,
    targets: Tensor,
    learningRate: number,
    options: StepOptions = {},
  ): Promise<number> {
    return this.#step(
      [...fittingInputs(inputs, this.#definition), fittingTargets(targets, this.#definition.targets)],
      learningRate,
      options,
    );
  }

  async stepFrom(
    frozen: readonly Tensor[],
    targets: Tensor,
    learningRate: number,
    options: StepOptions = {},
  ): Promise<number> {
    const tensors = [
      ...fittingFrozen(frozen, this.boundary),
      fittingTargets(targets, this.#definition.targets),
    ];
    requireSameRows(tensors);
    return this.#step(tensors, learningRate, options, fromBoundary);
  }

  #step(
    tensors: readonly Tensor[],
    learningRate: number,
    { seed = this.#allSteps % MOST_SEED }: StepOptions,
    named: (signature: string) => string = (signature) => signature,
  ): number {
    requireSeed(seed);
    const loss = tf.tidy(() => this.#train(this.#parts(tensors, seed), this.#update(learningRate), named));
    this.#steps = this.#steps.map((steps) => steps + 1);
    this.#allSteps += 1;
    return loss;
  }

  /** Runs one after another; the last one updates. */
  #train(parts: readonly Part[], update: readonly Tensor[], named: (signature: string) => string): number {
    const last = parts.length - 1;
    return parts.reduce((sum, { tensors, weight }, index) => {
      const share = parts.length > 1 ? [tf.scalar(weight)] : [];
      const given = [...tensors, ...share, ...(index === last ? update : [])];
      const [loss] = this.#graph.run(given, named(signatureOf(index, parts.length)));
      return sum + weight * (loss?.dataSync()[0] ?? Number.NaN);
    }, 0);
  }

  /** The batch in parts of almost the same size. */
  #parts(tensors: readonly Tensor[], seed: number): Part[] {
    const [examples = 0] = tensors[0]?.shape ?? [];
    return partsOfRows(examples, this.#definition.accumulate).map(({ from, size, share }, index) => {
      const rows = size === examples ? tensors : tensors.map((tensor) => rowsOf(tensor, from, size));
      // Draws of one part are counted in the lower half of the second number.
      return { tensors: [...rows, tf.tensor1d([seed, index << 16], 'int32')], weight: share };
    });
  }

  /** What a step's update takes: see the signatures of `TrainingGraph`. */
  #update(learningRate: number): Tensor[] {
    const betas = betasOf(this.#definition.optimizer);
    const rates = tf.tensor1d(this.#factors.map((factor) => learningRate * factor));
    if (betas === undefined) return [rates];
    const powers = (beta: number) => tf.tensor1d(this.#steps.map((steps) => beta ** (steps + 1)));
    return [rates, powers(betas.beta1), powers(betas.beta2)];
  }

  async predict(inputs: NetworkInputs): Promise<Tensor> {
    return tensorAt(this.#graph.run(fittingInputs(inputs, this.#definition), 'predict'), 0);
  }

  async predictFrom(frozen: readonly Tensor[]): Promise<Tensor> {
    const tensors = fittingFrozen(frozen, this.boundary);
    requireSameRows(tensors);
    return tensorAt(this.#graph.run(tensors, fromBoundary('predict')), 0);
  }

  async frozen(inputs: NetworkInputs): Promise<Tensor[]> {
    requireBoundary(this.boundary);
    return this.#graph.run(fittingInputs(inputs, this.#definition), 'frozen');
  }

  async weights(): Promise<ReadonlyMap<string, Tensor>> {
    const values = this.#graph.run([], 'weights');
    return new Map(this.#kept().map(({ name }, index) => [name, tensorAt(values, index)]));
  }

  /** What `init` and `weights` are about. */
  #kept(): NamedShape[] {
    return [...this.#definition.trained, ...this.#definition.followed];
  }

  async slots(): Promise<Slots> {
    const { trained, optimizer } = this.#definition;
    const names = slotNames(optimizer);
    const values = names.length === 0 ? [] : this.#graph.run([], 'slots');
    return new Map(
      trained.map(({ name }, index) => {
        const tensors = names.map(
          (slot, place) => [slot, tensorAt(values, index * names.length + place)] as const,
        );
        return [name, { steps: this.#steps[index] ?? 0, tensors: Object.fromEntries(tensors) }];
      }),
    );
  }

  async load(weights: ReadonlyMap<string, Tensor>, slots: Slots = new Map()): Promise<void> {
    const { trained, optimizer } = this.#definition;
    const kept = new Map(this.#kept().map((each) => [each.name, each]));
    for (const [name, value] of weights) requireShape(name, value, kept.get(name));
    const known = new Map(trained.map((each) => [each.name, each]));
    const names = slotNames(optimizer);
    for (const [name, { tensors }] of slots) {
      for (const slot of names) requireShape(`${name}, ${slot}`, tensors[slot], known.get(name));
    }
    tf.tidy(() => {
      const now = this.#graph.run([], 'weights');
      this.#graph.run(
        this.#kept().map(({ name }, index) => weights.get(name) ?? tensorAt(now, index)),
        'init',
      );
      this.#restore(slots);
    });
  }

  /** @param slots checked before. Called inside a tidy. */
  #restore(slots: Slots): void {
    const { trained, optimizer } = this.#definition;
    const names = slotNames(optimizer);
    const values = trained.flatMap(({ name, shape }) =>
      names.map((slot) => slots.get(name)?.tensors[slot] ?? tf.fill([...shape], 0)),
    );
    if (names.length > 0) this.#graph.run(values, 'restore');
    this.#steps = trained.map(({ name }) => slots.get(name)?.steps ?? 0);
    this.#allSteps = Math.max(0, ...this.#steps);
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

function signatureOf(index: number, count: number): string {
  if (count === 1) return 'train';
  if (index === 0) return 'start';
  return index === count - 1 ? 'finish' : 'add';
}

function tensorAt(tensors: readonly Tensor[], index: number): Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new ZooError('FAILED', 'The training graph gave too few tensors');
  return tensor;
}
