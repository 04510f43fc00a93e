import type * as tfjs from '@tensorflow/tfjs-node';
import type { Dataset } from '../../src/data/dataset.js';

export interface PixelRow {
  /** height * width grey values, 0 to 1. */
  readonly row: Float32Array;
  /** Index of the class in the data set's labels. */
  readonly label: number;
  readonly width: number;
  readonly height: number;
}
export function pixelsOf(dataset: Dataset): Promise<PixelRow[]>;
export function nearestPixels(
  train: readonly Pick<PixelRow, 'row' | 'label'>[],
  test: readonly Pick<PixelRow, 'row' | 'label'>[],
): number;
/** @returns the share of `test` that is right. */
export function convnetFromScratch(
  tf: typeof tfjs,
  train: readonly PixelRow[],
  test: readonly PixelRow[],
  options: { readonly classes: number; readonly seed: number; readonly epochs?: number },
): Promise<number>;
