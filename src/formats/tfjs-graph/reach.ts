/** Which nodes of a graph are needed for others, and which of them TensorFlow.js can only run asynchronously. */
import type { GraphDefinition, GraphNode } from './graph-definition.js';

/** Operations whose result's shape, or whose path, depends on values: TensorFlow.js runs them asynchronously. */
const DYNAMIC = new Set([
  'Switch',
  'Merge',
  'Enter',
  'Exit',
  'NextIteration',
  'LoopCond',
  'If',
  'StatelessIf',
  'While',
  'StatelessWhile',
  'NonMaxSuppressionV2',
  'NonMaxSuppressionV3',
  'NonMaxSuppressionV4',
  'NonMaxSuppressionV5',
  'Where',
  'ListDiff',
  'HashTable',
  'HashTableV2',
  'LookupTableImport',
  'LookupTableImportV2',
  'LookupTableFind',
  'LookupTableFindV2',
  'LookupTableSize',
  'LookupTableSizeV2',
  'InitializeTable',
  'InitializeTableV2',
]);
/** These give lists, tables or dead branches instead of tensors, so a network can't be cut there. */
const NOT_TENSORS =
  /^(Switch|Merge|Enter|Exit|NextIteration|LoopCond|NoOp|Assert|Tensor(Array|List)(?!Stack|Gather|Read|Concat|GetItem).*|HashTable.*|LookupTableImport.*|InitializeTable.*)$/;

export function isDynamic(node: GraphNode): boolean {
  // Lists of tensors live outside the graph: TensorFlow.js handles them as control flow.
  return DYNAMIC.has(node.op) || /^Tensor(Array|List)/.test(node.op);
}

export function givesTensor(node: GraphNode): boolean {
  return node.op !== 'Const' && !NOT_TENSORS.test(node.op);
}

export interface Reach {
  /** Names of the needed nodes, in the order of the graph. */
  readonly nodes: ReadonlySet<string>;
  /** Names of the needed constants, those in called functions included. */
  readonly constants: ReadonlySet<string>;
  /** Names of the called functions. */
  readonly functions: ReadonlySet<string>;
  /** The first node that can only be run asynchronously, if there is one. */
  readonly dynamic: GraphNode | undefined;
}

/**
 * @param targets names of nodes.
 * @param fed names of nodes whose values are given, so that nothing before them is needed.
 */
export function reach(
  graph: GraphDefinition,
  targets: Iterable<string>,
  fed: ReadonlySet<string> = new Set(),
): Reach {
  const needed = new Set<string>();
  const functions = new Set<string>();
  const stack = [...targets];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    const node = graph.nodes.get(name);
    if (node === undefined || needed.has(name)) continue;
    needed.add(name);
    if (fed.has(name)) continue;
    stack.push(...node.inputs);
    addCalls(graph, node, functions);
  }
  const nodes = new Set<string>();
  const constants = new Set<string>();
  let dynamic: GraphNode | undefined;
  for (const node of graph.nodes.values()) {
    if (!needed.has(node.name)) continue;
    nodes.add(node.name);
    if (fed.has(node.name)) continue;
    if (node.op === 'Const') constants.add(node.name);
    if (dynamic === undefined && isDynamic(node)) dynamic = node;
  }
  for (const name of functions) {
    for (const node of graph.functions.get(name) ?? []) if (node.op === 'Const') constants.add(node.name);
  }
  return { nodes, constants, functions, dynamic };
}

function addCalls(graph: GraphDefinition, node: GraphNode, functions: Set<string>): void {
  const stack = [...node.calls];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (functions.has(name)) continue;
    functions.add(name);
    stack.push(...(graph.functions.get(name) ?? []).flatMap((inner) => inner.calls));
  }
}
