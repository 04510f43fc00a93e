/** Which source pixels make an output pixel along one axis, and with which weights, by the rule of each method. */

export type ResizeMethod = 'bilinear' | 'bicubic' | 'area' | 'nearest';

export interface AxisWeights {
  /** First source pixel of each output pixel. */
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `stride` weights an output pixel, of which `counts` are used; they sum to 1. */
  readonly weights: Float64Array;
  readonly stride: number;
}

interface Kernel {
  /** Half of its width, in source pixels when it isn't stretched. */
  readonly support: number;
  at(x: number): number;
}

/** A triangle, and the cubic of Keys (1981) with a = -0.5, as Pillow has it. */
const KERNELS: Record<'bilinear' | 'bicubic', Kernel> = {
  bilinear: {
    support: 1,
    at: (x) => Math.max(0, 1 - Math.abs(x)),
  },
  bicubic: {
    support: 2,
    at(x) {
      const a = -0.5;
      const d = Math.abs(x);
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
      return 0;
    },
  },
};

/**
 * The kernel is stretched by the scale when the picture shrinks, so that every source pixel counts: Pillow's
 * `Image.resize`, and torchvision's with antialias.
 */
export function antialiasedWeights(
  inSize: number,
  outSize: number,
  method: 'bilinear' | 'bicubic',
): AxisWeights {
  const kernel = KERNELS[method];
  const scale = inSize / outSize;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
  const axis = emptyAxis(outSize, Math.ceil(support) * 2 + 1);
  for (let out = 0; out < outSize; out++) {
    const centre = (out + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(inSize, Math.trunc(centre + support + 0.5));
    let sum = 0;
    const base = out * axis.stride;
    for (let from = start; from < end; from++) {
      const weight = kernel.at((from - centre + 0.5) / stretch);
      axis.weights[base + from - start] = weight;
      sum += weight;
    }
    for (let tap = base; tap < base + end - start; tap++) axis.weights[tap] = (axis.weights[tap] ?? 0) / sum;
    axis.starts[out] = start;
    axis.counts[out] = end - start;
  }
  return axis;
}

/**
 * Only the pixels next to the sampled point count, however much the picture shrinks: `tf.image.resize` of TensorFlow 2
 * without antialias (half-pixel centres), and its area method, where a pixel counts by how much of it is covered.
 */
export function plainWeights(inSize: number, outSize: number, method: ResizeMethod): AxisWeights {
  if (method === 'area') return areaWeights(inSize, outSize);
  const axis = emptyAxis(outSize, method === 'bicubic' ? 4 : method === 'bilinear' ? 2 : 1);
  // In float32, as there.
  const scale = Math.fround(inSize / outSize);
  for (let out = 0; out < outSize; out++) {
    const point = Math.fround(Math.fround(out + 0.5) * scale);
    if (method === 'nearest') {
      setTaps(axis, out, [[Math.min(Math.floor(point), inSize - 1), 1]]);
      continue;
    }
    const from = Math.fround(point - 0.5);
    const first = Math.floor(from);
    const fraction = Math.fround(from - first);
    setTaps(
      axis,
      out,
      method === 'bilinear' ? lerp(first, fraction, inSize) : cubic(first, fraction, inSize),
    );
  }
  return axis;
}

type Tap = readonly [from: number, weight: number];

function lerp(first: number, fraction: number, size: number): Tap[] {
  const low = Math.max(first, 0);
  const high = Math.min(first + 1, size - 1);
  return low >= high
    ? [[Math.min(low, size - 1), 1]]
    : [
        [low, 1 - fraction],
        [high, fraction],
      ];
}

/** TensorFlow takes the kernel from a table of 1,024 steps, and drops what lies outside the picture. */
const CUBIC_STEPS = 1024;

function cubic(first: number, fraction: number, size: number): Tap[] {
  const step = Math.round(fraction * CUBIC_STEPS) / CUBIC_STEPS;
  const taps = [-1, 0, 1, 2].map((offset): Tap => [first + offset, KERNELS.bicubic.at(offset - step)]);
  const inside = taps.filter(([from]) => from >= 0 && from < size);
  const sum = inside.reduce((total, [, weight]) => total + weight, 0);
  return inside.map(([from, weight]): Tap => [from, weight / sum]);
}

function areaWeights(inSize: number, outSize: number): AxisWeights {
  const scale = inSize / outSize;
  const axis = emptyAxis(outSize, Math.ceil(scale) + 1);
  for (let out = 0; out < outSize; out++) {
    const begin = out * scale;
    const end = Math.min((out + 1) * scale, inSize);
    const taps: Tap[] = [];
    for (let from = Math.floor(begin); from < end; from++) {
      taps.push([from, (Math.min(from + 1, end) - Math.max(from, begin)) / (end - begin)]);
    }
    setTaps(axis, out, taps);
  }
  return axis;
}

function emptyAxis(outSize: number, stride: number): AxisWeights {
  return {
    starts: new Int32Array(outSize),
    counts: new Int32Array(outSize),
    weights: new Float64Array(outSize * stride),
    stride,
  };
}

function setTaps(axis: AxisWeights, out: number, taps: readonly Tap[]): void {
  axis.starts[out] = taps[0]?.[0] ?? 0;
  axis.counts[out] = taps.length;
  taps.forEach(([, weight], index) => {
    axis.weights[out * axis.stride + index] = weight;
  });
}
