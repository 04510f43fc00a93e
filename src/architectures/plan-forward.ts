/** Which layers a forward pass needs, and when each value has been read for the last time. */
import type { Layer } from './topology.js';

export interface ForwardStep {
  readonly layer: Layer;
  /** Layers whose values nobody needs after this step. Never inputs of the network or cuts. */
  readonly lastReadHere: readonly string[];
}

export interface ForwardPlan {
  readonly steps: readonly ForwardStep[];
  readonly cuts: readonly string[];
}

/** @param layers in an order in which each stands behind what it reads. @param cuts names of layers. */
export function planForward(layers: readonly Layer[], cuts: readonly string[]): ForwardPlan {
  const wanted = new Set(cuts);
  const needed = new Set(cuts);
  const read = new Set<string>();
  const computed = new Set(layers.map(({ name }) => name));
  const steps: ForwardStep[] = [];
  for (const layer of layers.toReversed()) {
    if (!needed.has(layer.name)) continue;
    // Seen from the end, the first reader is the last one.
    const lastReadHere = new Set(
      layer.inputs.filter((name) => computed.has(name) && !read.has(name) && !wanted.has(name)),
    );
    for (const name of layer.inputs) {
      read.add(name);
      needed.add(name);
    }
    steps.push({ layer, lastReadHere: [...lastReadHere] });
  }
  return { steps: steps.reverse(), cuts };
}
