/** What is the same of an output in several traces. */
import type { OutputInfo } from './graph.js';
import { isSame, ratioOf, type Series } from './sizes.js';
import type { TracedNode } from './trace.js';
import { untraceable } from './untraceable.js';

/**
 * @param nodes one a trace. @param batch sizes of the batch by trace.
 * @throws ZooError `DATA` where type or rank depend on sizes.
 */
export function commonInfo(nodes: readonly TracedNode[], output: number, batch: Series): OutputInfo {
  const infos = nodes.flatMap((node) => node.outputs[output] ?? []);
  const [first] = infos;
  if (first === undefined || !isSame(infos.map(({ dtype }) => dtype))) {
    throw untraceable('the type of a result depends on the sizes of its inputs', nodes[0]?.op);
  }
  if (!isSame(infos.map(({ shape }) => shape.length))) {
    throw untraceable('how many axes a result has depends on the sizes of its inputs', nodes[0]?.op);
  }
  const series = first.shape.map((_, axis) => infos.map((info) => info.shape[axis] ?? 0));
  const shape = first.shape.map((size, axis) => (isSame(series[axis] ?? []) ? size : -1));
  const [examples] = batch;
  if (examples === undefined || isSame(batch)) return { dtype: first.dtype, shape };
  const batches = series.map((each) => timesBatch(each, batch));
  return { dtype: first.dtype, shape, batches, traced: { batch: examples, shape: first.shape } };
}

/** How many times the batch a size is: 0 for one that is fixed, undefined for another. */
function timesBatch(series: Series, batch: Series): number | undefined {
  if (isSame(series)) return 0;
  const [times, parts] = ratioOf(series, batch) ?? [];
  return parts === 1 ? times : undefined;
}
