/** What each modality's experiments get. */
import type { AdaptingZoo } from '../../../src/training/adapting-zoo.js';

export interface Bench {
  readonly zoo: AdaptingZoo;
  readonly seeds: number;
  /** Folder with a folder for each data set that is not pulled. */
  readonly shared: string;
  /** A Python with scikit-learn, to compare with. */
  readonly python: string | undefined;
}

/** Of the parts that are set aside: always the same. */
export const PARTS_SEED = 2026;
