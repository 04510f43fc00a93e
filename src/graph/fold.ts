/** All that makes a graph smaller and faster when its weights don't change any more. */
import { addBiases } from './bias-add.js';
import { dropReshapes } from './drop-reshapes.js';
import { foldBatchNorms } from './fold-batchnorm.js';
import { foldConstants } from './fold-constants.js';
import type { Graph } from './graph.js';
import { mergePaddings } from './merge-padding.js';

/** Changes `graph`. Results differ by rounding. */
export function foldForInference(graph: Graph): void {
  foldConstants(graph);
  dropReshapes(graph);
  addBiases(graph);
  foldBatchNorms(graph);
  mergePaddings(graph);
}
