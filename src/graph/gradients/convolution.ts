/**
 * Convolutions of pictures, plain and depthwise. The gradient kernels know only SAME and VALID, and no dilation. So an
 * explicitly padded convolution is treated as one of the padded input, and a dilated one (which moves by one) as many
 * small ones: each `dilation`-th pixel of the input taken together, which is what SpaceToBatchND does.
 */
import * as z from 'zod';
import { type Tensor, type Tensor4D, tf } from '../../runtime/tensorflow.js';
import { type Attributes, attribute } from '../graph.js';
import { type Gradient, nth } from './gradient.js';
import { FLOAT, nativeOutput } from './native-operation.js';

type Sizes = readonly [number, number, number, number];

const number = z.number();
const pair = z.union([number, z.tuple([number, number])]);
const sides = z.tuple([number, number]);
const schema = z.object({
  strides: pair,
  dilations: pair.nullish(),
  pad: z.union([z.enum(['same', 'valid']), number, z.tuple([sides, sides, sides, sides])]),
  dimRoundingMode: z.enum(['floor', 'round', 'ceil']).nullish(),
});

interface Kernels {
  readonly kernel: string;
  readonly toInput: string;
  readonly toFilter: string;
}

export const convolutions: readonly Gradient[] = [
  convolution({ kernel: 'Conv2D', toInput: 'Conv2DBackpropInput', toFilter: 'Conv2DBackpropFilter' }),
  convolution({
    kernel: 'DepthwiseConv2dNative',
    toInput: 'DepthwiseConv2dNativeBackpropInput',
    toFilter: 'DepthwiseConv2dNativeBackpropFilter',
  }),
];

function convolution({ kernel, toInput, toFilter }: Kernels): Gradient {
  return {
    kernel,
    inputs: ['x', 'filter'],
    toInputs: (dys, saved, attributes) => {
      const x = picture(nth(saved, 0));
      const filter = picture(nth(saved, 1));
      const plan = planOf(x.shape, filter.shape, schema.parse(attributes), kernel !== 'Conv2D');
      const dy = () => plan.output(picture(nth(dys, 0)));
      return {
        x: () => {
          const sizes = tf.tensor1d([...plan.inputSizes], 'int32');
          return plan.undo(picture(nativeOutput(toInput, plan.attributes, [sizes, filter, dy()])));
        },
        filter: () => {
          const sizes = tf.tensor1d(filter.shape, 'int32');
          return nativeOutput(toFilter, plan.attributes, [plan.input(x), sizes, dy()]);
        },
      };
    },
  };
}

/** The same convolution as one that the gradient kernels know. */
interface Plan {
  readonly attributes: Attributes;
  /** Of the input as that one gets it. */
  readonly inputSizes: Sizes;
  /** The input, and the gradient to the output, as that one has them. */
  readonly input: (x: Tensor4D) => Tensor4D;
  readonly output: (dy: Tensor4D) => Tensor4D;
  /** Back from its input. */
  readonly undo: (dx: Tensor4D) => Tensor4D;
}

function planOf(
  inShape: Sizes,
  filterShape: Sizes,
  { strides, dilations, pad, dimRoundingMode }: z.infer<typeof schema>,
  depthwise: boolean,
): Plan {
  const info = tf.backend_util.computeConv2DInfo(
    [...inShape],
    [...filterShape],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode ?? undefined,
    depthwise,
  );
  const { padInfo, dilationHeight, dilationWidth } = info;
  const attributes = (padding: string): Attributes => ({
    ...FLOAT,
    strides: { kind: 'ints', value: [1, info.strideHeight, info.strideWidth, 1] },
    padding: attribute.string(padding),
    data_format: attribute.string('NHWC'),
  });
  const asItIs = (tensor: Tensor4D) => tensor;
  if (padInfo.type !== 'EXPLICIT' && dilationHeight === 1 && dilationWidth === 1) {
    return {
      attributes: attributes(padInfo.type),
      inputSizes: inShape,
      input: asItIs,
      output: asItIs,
      undo: asItIs,
    };
  }
  const [batch, height, width, channels] = inShape;
  // Rows and columns more, so that each of the small ones is of the same size.
  const more = (size: number, dilation: number) => (dilation - (size % dilation)) % dilation;
  const below = more(height + padInfo.top + padInfo.bottom, dilationHeight);
  const right = more(width + padInfo.left + padInfo.right, dilationWidth);
  const paddings = [
    [padInfo.top, padInfo.bottom + below],
    [padInfo.left, padInfo.right + right],
  ];
  const blocks = [dilationHeight, dilationWidth];
  const isDilated = dilationHeight * dilationWidth > 1;
  return {
    attributes: attributes('VALID'),
    inputSizes: [
      batch * dilationHeight * dilationWidth,
      (height + padInfo.top + padInfo.bottom + below) / dilationHeight,
      (width + padInfo.left + padInfo.right + right) / dilationWidth,
      channels,
    ],
    input: (x) => tf.spaceToBatchND(x, blocks, paddings),
    output: (dy) =>
      isDilated
        ? tf.spaceToBatchND(dy, blocks, [
            [0, below],
            [0, right],
          ])
        : dy,
    undo: (dx) => tf.batchToSpaceND(dx, blocks, paddings),
  };
}

const isPicture = (tensor: Tensor): tensor is Tensor4D => tensor.rank === 4;

function picture(tensor: Tensor): Tensor4D {
  if (isPicture(tensor)) return tensor;
  throw new RangeError(`a convolution got a tensor of rank ${tensor.rank}`);
}
