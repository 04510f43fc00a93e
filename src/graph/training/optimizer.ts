/** Optimisers as native operations on variables: what a step does with a gradient. */
import { addFloat, addScalar } from '../arithmetic.js';
import { attribute, DT, type Edge, type Graph } from '../graph.js';
import { addAssignment } from '../variables.js';

export interface AdamOptions {
  /** Of the mean of the gradients; 0.9 by default. */
  readonly beta1?: number | undefined;
  /** Of the mean of their squares; 0.999 by default. */
  readonly beta2?: number | undefined;
  /** Added to the root of the mean square before its bias is corrected, as in TensorFlow; 1e-7 by default. */
  readonly epsilon?: number | undefined;
}

/** Formulas are those of Keras 3: momentum without Nesterov, AdamW's decay is multiplied by the learning rate. */
export type Optimizer =
  | { readonly kind: 'sgd'; readonly momentum?: number | undefined }
  | ({ readonly kind: 'adam' } & AdamOptions)
  | ({
      readonly kind: 'adamw';
      /** A step takes `rate · decay · w` away. */
      readonly decay: number;
      /** Names of the parameters that decay: usually no biases and no scales of norms. */
      readonly decayed: readonly string[];
    } & AdamOptions);

/** Names of what an optimiser remembers of each parameter: tensors of its shape, zeros at first. */
export function slotNames(optimizer: Optimizer): readonly string[] {
  if (optimizer.kind !== 'sgd') return ['m', 'v'];
  return momentumOf(optimizer) === 0 ? [] : ['momentum'];
}

export interface Betas {
  readonly beta1: number;
  readonly beta2: number;
}

/** Undefined for an optimiser whose steps are all alike. */
export function betasOf(optimizer: Optimizer): Betas | undefined {
  if (optimizer.kind === 'sgd') return undefined;
  const { beta1 = 0.9, beta2 = 0.999 } = optimizer;
  return { beta1, beta2 };
}

export interface UpdatedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its variable, and what reads it for this step. */
  readonly variable: Edge;
  readonly read: Edge;
  /** Variables by the order of `slotNames`. */
  readonly slots: readonly Edge[];
  readonly gradient: Edge;
  readonly rate: Edge;
  /** For optimisers with betas: β₁ᵗ and β₂ᵗ of this parameter's t-th step, from 1 on. */
  readonly powers: readonly [Edge, Edge] | undefined;
  /** Names of nodes that must have read the old value. */
  readonly after: readonly string[];
}

/** Adds the update of one parameter. @returns the name of the node that does it. */
export function addUpdate(graph: Graph, optimizer: Optimizer, parameter: UpdatedParameter): string {
  const { name, variable, gradient, rate, after } = parameter;
  if (optimizer.kind === 'sgd') {
    const momentum = momentumOf(optimizer);
    const [velocity] = parameter.slots;
    if (velocity === undefined) {
      return addApply(graph, 'ResourceApplyGradientDescent', [variable, rate, gradient], after);
    }
    const inputs = [variable, velocity, rate, gradient, addScalar(graph, momentum)];
    return addApply(graph, 'ResourceApplyKerasMomentum', inputs, after, true);
  }
  const decays = optimizer.kind === 'adamw' && optimizer.decay !== 0 && optimizer.decayed.includes(name);
  // The operation adds to the variable, so that it does not matter that it has decayed before.
  const waits = decays ? [...after, addDecay(graph, parameter, optimizer.decay)] : after;
  const [m, v] = parameter.slots;
  const [power1, power2] = parameter.powers ?? [];
  if (m === undefined || v === undefined || power1 === undefined || power2 === undefined) {
    throw new RangeError(`Adam has no slots for ${name}`);
  }
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = optimizer;
  const constants = [beta1, beta2, epsilon].map((value) => addScalar(graph, value));
  const inputs = [variable, m, v, power1, power2, rate, ...constants, gradient];
  return addApply(graph, 'ResourceApplyAdam', inputs, waits, true);
}

function momentumOf({ momentum = 0 }: { readonly momentum?: number | undefined }): number {
  return momentum;
}

/** Takes `rate · decay · w` away. */
function addDecay(graph: Graph, parameter: UpdatedParameter, decay: number): string {
  const { read, rate, shape, variable, after } = parameter;
  const factor = addFloat(graph, 'Mul', [rate, addScalar(graph, decay)]);
  const lost = addFloat(graph, 'Mul', [read, factor], shape);
  return addAssignment(graph, variable, lost, 'AssignSubVariableOp', after);
}

function addApply(
  graph: Graph,
  op: string,
  inputs: readonly Edge[],
  controls: readonly string[],
  nesterov = false,
): string {
  return graph.add(op, {
    op,
    inputs,
    controls,
    attributes: {
      T: attribute.type(DT.float32),
      use_locking: attribute.bool(false),
      ...(nesterov ? { use_nesterov: attribute.bool(false) } : {}),
    },
    outputs: [],
  }).node;
}
