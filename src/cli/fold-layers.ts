/** Which of many layers a person sees first: the ends, the cuts that the card names, and where stages begin and end. */
import type { Shape } from '../formats/network.js';

export interface ShownLayer {
  readonly name: string;
  readonly kind: string;
  readonly shape: Shape | undefined;
  /** Numbers in its parameters, and how many of them training may change. */
  readonly parameters: number;
  readonly trainable: number;
  readonly cut: boolean;
  /** `features` for the card's own cut, `alternative` for others that it names, `output` for what the network gives. */
  readonly role: 'features' | 'alternative' | 'output' | undefined;
}

export interface Fold {
  readonly folded: number;
  readonly parameters: number;
}

/** Up to this many are all shown. */
const MAX_WHOLE = 40;
const FIRST = 3;
const LAST = 8;

/** @returns layers, and in place of runs of others how many they are and what parameters they have. */
export function foldLayers(layers: readonly ShownLayer[], all: boolean): (ShownLayer | Fold)[] {
  if (all || layers.length <= MAX_WHOLE) return [...layers];
  const chosen = chooseLayers(layers);
  const shown: (ShownLayer | Fold)[] = [];
  let run: ShownLayer[] = [];
  const endRun = () => {
    const [only] = run;
    // Saying that one is left out takes the line that it would take.
    if (only !== undefined && run.length === 1) shown.push(only);
    else if (run.length > 1) shown.push({ folded: run.length, parameters: sum(run) });
    run = [];
  };
  for (const layer of layers) {
    if (chosen.has(layer)) {
      endRun();
      shown.push(layer);
    } else run.push(layer);
  }
  endRun();
  return shown;
}

/** Both ends, what has a role, and each stage: its first layer that trains and the last one before it. */
function chooseLayers(layers: readonly ShownLayer[]): Set<ShownLayer> {
  // Sizes and places that a graph computes with are nothing to cut at.
  const useful = layers.filter(({ shape, cut }) => cut && (shape === undefined || shape[0] === null));
  const chosen = new Set([...useful.slice(0, FIRST), ...useful.slice(-LAST)]);
  let stage: string | undefined;
  for (const [index, layer] of useful.entries()) {
    if (layer.role !== undefined) chosen.add(layer);
    // Height and width, or length: all between the batch and the channels.
    const size = JSON.stringify(layer.shape?.slice(1, -1));
    if (layer.trainable === 0 || size === stage) continue;
    stage = size;
    chosen.add(layer);
    const before = useful[index - 1];
    if (before !== undefined) chosen.add(before);
  }
  return chosen;
}

function sum(layers: readonly ShownLayer[]): number {
  return layers.reduce((total, { parameters }) => total + parameters, 0);
}
