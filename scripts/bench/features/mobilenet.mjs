/** MobileNetV2 as TensorFlow.js layers, as a user of plain tfjs-node has it: BatchNorm layers of their own. */

/** Expansion, channels, blocks, and stride of the first block. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/**
 * Pictures [batch, 224, 224, 3] to features [batch, 1280]. Layers with weights are called `conv<n>` and `norm<n>` in the
 * order of the forward pass. Padding and epsilon are torchvision's, whose weights it gets.
 */
export function mobilenetV2(tf) {
  const { layers } = tf;
  const input = tf.input({ shape: [224, 224, 3] });
  let x = input;
  let count = 0;
  const normed = (convolution, active) => {
    x = layers.batchNormalization({ name: `norm${count}`, epsilon: 1e-5 }).apply(convolution.apply(x));
    if (active) x = layers.reLU({ maxValue: 6 }).apply(x);
    count += 1;
  };
  const spread = (stride) => {
    if (stride === 1) return 'same';
    x = layers.zeroPadding2d({ padding: [1, 1] }).apply(x);
    return 'valid';
  };
  const conv = (filters, kernelSize, strides, active = true) => {
    const padding = spread(strides);
    const name = `conv${count}`;
    normed(layers.conv2d({ name, filters, kernelSize, strides, padding, useBias: false }), active);
  };
  const depthwise = (strides) => {
    const padding = spread(strides);
    const name = `conv${count}`;
    normed(layers.depthwiseConv2d({ name, kernelSize: 3, strides, padding, useBias: false }), true);
  };

  conv(32, 3, 2);
  for (const [expansion, channels, blocks, first] of STAGES) {
    for (let block = 0; block < blocks; block++) {
      const before = x;
      const inside = x.shape[3];
      if (expansion > 1) conv(expansion * inside, 1, 1);
      depthwise(block === 0 ? first : 1);
      conv(channels, 1, 1, false);
      if (block > 0) x = layers.add().apply([before, x]);
    }
  }
  conv(1280, 1, 1);
  return tf.model({ inputs: input, outputs: layers.globalAveragePooling2d({}).apply(x) });
}
