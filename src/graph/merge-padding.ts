/** Zeros put around a map before a convolution without padding become padding of the convolution: no copy is made. */
import type { Graph, GraphNode } from './graph.js';
import { constantAt, isConvolution, Uses } from './patterns.js';

/** Changes `graph`; for inference only, as TensorFlow has no gradients of such convolutions everywhere. */
export function mergePaddings(graph: Graph): void {
  const uses = new Uses(graph);
  for (const node of [...graph.nodes.values()]) {
    if (!isConvolution(node) || node.attributes.padding?.value !== 'VALID') continue;
    const [input, kernel] = node.inputs;
    if (input === undefined || kernel === undefined) continue;
    const pad = graph.node(input.node);
    const amounts = uses.once(pad) ? zerosAround(graph, pad) : undefined;
    const [padded] = pad.inputs;
    if (amounts === undefined || padded === undefined) continue;
    graph.replace(node.name, {
      ...node,
      inputs: [padded, kernel],
      attributes: {
        ...node.attributes,
        padding: { kind: 'string', value: 'EXPLICIT' },
        explicit_paddings: { kind: 'ints', value: amounts },
      },
    });
  }
  graph.prune();
}

/** Rows of zeros before and behind on each axis, where they are around height and width only. */
function zerosAround(graph: Graph, { op, inputs }: GraphNode): number[] | undefined {
  if (op !== 'PadV2' && op !== 'Pad') return undefined;
  const [, amounts, filling] = inputs;
  const value = constantAt(graph, amounts);
  if (value === undefined || value.size !== 8) return undefined;
  if (op === 'PadV2' && constantAt(graph, filling)?.dataSync()[0] !== 0) return undefined;
  const numbers = [...value.dataSync()];
  const [beforeBatch, behindBatch, , , , , beforeChannel, behindChannel] = numbers;
  return beforeBatch === 0 && behindBatch === 0 && beforeChannel === 0 && behindChannel === 0
    ? numbers
    : undefined;
}
