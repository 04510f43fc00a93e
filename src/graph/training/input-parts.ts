/** Which inputs of a step's graph are which. */
import type { Graph, Port } from '../graph.js';

export interface InputParts {
  /** Of the network. */
  readonly inputs: readonly Port[];
  /** Targets and seed. */
  readonly batch: readonly Port[];
  readonly trained: readonly Port[];
  /** Running statistics. */
  readonly followed: readonly Port[];
}

/** @param trained how many there are. @param followed the same. */
export function inputParts({ inputs }: Graph, trained: number, followed: number): InputParts {
  const statistics = inputs.length - followed;
  const parameters = statistics - trained;
  return {
    inputs: inputs.slice(0, parameters - 2),
    batch: inputs.slice(parameters - 2, parameters),
    trained: inputs.slice(parameters, statistics),
    followed: inputs.slice(statistics),
  };
}
