/** MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381), table 2. */

/** Expansion, channels, blocks, and stride of the first block. */
export const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
export const STEM_CHANNELS = 32;
/** Not multiplied: widths below 1 keep it. */
export const LAST_CHANNELS = 1280;
