/** A network, with its new head, as one native graph that was traced and folded. */
import { ZooError } from '../core/errors.js';
import { inferenceGraph } from '../graph/compile.js';
import { attribute, type Edge, type Graph } from '../graph/graph.js';
import { baseShapes, planSizes } from '../graph/open-sizes.js';
import { reasonOf } from '../graph/untraceable.js';
import { addTail } from './add-tail.js';
import { cutsOf, type Exportable } from './exportable.js';
import { OUTPUT } from './output-name.js';

export interface TracedGraph {
  /** Its outputs are those of the model; the caller disposes it. */
  readonly graph: Graph;
  /** What is pooled; undefined without a new head. */
  readonly features: Edge | undefined;
}

/**
 * Texts may have any length where the network can be traced so; pictures and windows of sound have the size of the example.
 * @throws ZooError `DATA` for a network that can't become a graph: it waits for values, or works on strings.
 */
export function tracedGraph(exportable: Exportable): TracedGraph {
  const graph = forwardGraph(exportable);
  statesSizes(graph);
  const { tail } = exportable;
  if (tail === undefined) return { graph, features: undefined };
  try {
    const [cut] = graph.outputs;
    if (cut === undefined) throw new RangeError('the graph gives nothing at the cut');
    const mask = graph.inputs.find(({ name }) => name === tail.mask);
    const { features, scores } = addTail(graph, cut.edge, tail, mask?.edge);
    graph.outputs = [{ name: OUTPUT, edge: scores }];
    graph.prune();
    return { graph, features };
  } catch (error) {
    graph.dispose();
    throw error;
  }
}

/** Others look at the inputs for the sizes that they may have. */
function statesSizes(graph: Graph): void {
  for (const { edge } of graph.inputs) {
    const node = graph.node(edge.node);
    const shape = attribute.shape(graph.info(edge).shape);
    graph.replace(edge.node, { ...node, attributes: { ...node.attributes, shape } });
  }
}

function forwardGraph(exportable: Exportable): Graph {
  const { network, about, example } = exportable;
  const compile = (open: 'all' | 'batch') =>
    inferenceGraph(
      network,
      cutsOf(exportable),
      planSizes(network.inputs, baseShapes(network.inputs, example.inputs), open),
    );
  try {
    if (about.modality !== 'text') return compile('batch');
    try {
      return compile('all');
    } catch {
      return compile('batch');
    }
  } catch (cause) {
    if (cause instanceof ZooError && (cause.code === 'NOT_FOUND' || cause.code === 'NO_RUNTIME')) throw cause;
    throw new ZooError('DATA', `${about.name} can not become a graph of one piece`, {
      expected: 'a network whose operations do not depend on what its inputs hold',
      found: reasonOf(cause),
      hint: 'A network in the format tfjs-graph can be exported as tfjs-graph whatever it does; any as safetensors.',
      cause,
    });
  }
}
