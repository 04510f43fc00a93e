/** What a run of a graph needs: the nodes of its cuts, one tensor for each input, and nothing else. */
import { ZooError } from '../../core/errors.js';
import { type NamedTensorMap, tf } from '../../runtime/tensorflow.js';
import { type ExpectedTensor, matchInputs } from '../match-inputs.js';
import type { NetworkInputs } from '../network.js';
import { unknownCut } from '../unknown-name.js';
import { messageOf } from './executor.js';
import type { GraphDefinition, GraphNode } from './graph-definition.js';
import { givesTensor, type Reach, reach } from './reach.js';
import { isInput, type Signature } from './signature.js';

/** A cut as the caller wrote it, and the node that gives it. */
export interface Cut {
  readonly text: string;
  readonly node: GraphNode;
}

export interface Plan {
  /** By names of nodes. */
  readonly feeds: NamedTensorMap;
  /** As the caller wrote them. */
  readonly cuts: readonly string[];
  readonly reach: Reach;
}

/** @param text name of a node, or `name:1` for its second output. @throws ZooError `NOT_FOUND`. */
export function findCut(graph: GraphDefinition, text: string): Cut {
  const end = text.lastIndexOf(':');
  const isIndexed = end !== -1 && /^\d+$/.test(text.slice(end + 1));
  const node = graph.nodes.get(isIndexed ? text.slice(0, end) : text);
  if (node === undefined) throw unknownCut(text, cutNames(graph));
  return { text, node };
}

/** Names of the nodes that a network can be cut at, in order. */
export function* cutNames(graph: GraphDefinition): Generator<string> {
  for (const node of graph.nodes.values()) if (givesTensor(node)) yield node.name;
}

/**
 * Values of nodes may be given in place of inputs; what is before them is not needed then.
 * @throws ZooError `DATA` for inputs that don't fit or are missing.
 */
export function planRun(
  graph: GraphDefinition,
  signature: Signature,
  inputs: NetworkInputs,
  cuts: readonly Cut[],
): Plan {
  const given = byNode(inputs, signature);
  const fed = given instanceof tf.Tensor ? new Set<string>() : new Set(Object.keys(given));
  const targets = cuts.map(({ node }) => node.name);
  const reached = reach(graph, targets, fed);
  const needed = signature.inputs.filter(({ name }) => reached.nodes.has(name));
  const required = given instanceof tf.Tensor && needed.length === 0 ? signature.inputs : needed;
  const feeds = matchInputs(given, required, feedable(graph, signature, fed));
  for (const name of reached.nodes) {
    const node = graph.nodes.get(name);
    // A placeholder that the signature does not name.
    if (node === undefined || !isInput(node) || Object.hasOwn(feeds, name)) continue;
    throw new ZooError('DATA', `An input of the network is missing: ${name}`, {
      expected: name,
      found: Object.keys(feeds).join(', ') || 'no input',
    });
  }
  return { feeds, cuts: cuts.map(({ text }) => text), reach: reached };
}

/** Inputs under the names of their nodes, whichever names they were given by. */
function byNode(inputs: NetworkInputs, { aliases }: Signature): NetworkInputs {
  if (inputs instanceof tf.Tensor) return inputs;
  const named = Object.entries(inputs).map(([name, tensor]) => [aliases.get(name) ?? name, tensor]);
  return Object.fromEntries(named);
}

/** All inputs, and the nodes whose values are given in place of inputs. */
function feedable(
  graph: GraphDefinition,
  signature: Signature,
  names: ReadonlySet<string>,
): Map<string, ExpectedTensor> {
  const specs = new Map<string, ExpectedTensor>();
  for (const name of names) {
    const node = graph.nodes.get(name);
    if (node !== undefined && givesTensor(node)) specs.set(name, { name });
  }
  for (const input of signature.inputs) specs.set(input.name, input);
  return specs;
}

/** The error of a run that TensorFlow gave up. */
export function notComputed({ cuts, feeds }: Plan, cause: unknown): unknown {
  if (cause instanceof ZooError) return cause;
  const inputs = Object.entries(feeds).map(
    ([name, { dtype, shape }]) => `${name} ${dtype} [${shape.join(', ')}]`,
  );
  return new ZooError('DATA', `The network can't compute ${cuts.join(', ').slice(0, 200)}`, {
    expected: 'inputs that its operations can work on',
    found: `${inputs.join(', ')}: ${messageOf(cause)}`,
    cause,
  });
}
