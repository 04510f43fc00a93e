// What the demo compares with: the nearest neighbour among raw pixels, and a small convnet trained from scratch.

/** Pixels of grey pictures, 0 to 1, one row an example. */
export async function pixelsOf(dataset) {
  const rows = [];
  for (const example of dataset.examples) {
    const { width, height, data } = await example.load();
    const row = new Float32Array(width * height);
    for (let i = 0; i < row.length; i++) row[i] = data[3 * i] / 255;
    rows.push({ row, label: dataset.labels.indexOf(example.labels[0]), width, height });
  }
  return rows;
}

/** Share of `test` whose nearest example of `train`, by Euclidean distance, has the right label. */
export function nearestPixels(train, test) {
  let right = 0;
  for (const { row, label } of test) {
    let best = { distance: Number.POSITIVE_INFINITY, label: -1 };
    for (const candidate of train) {
      let distance = 0;
      for (let i = 0; i < row.length; i++) distance += (row[i] - candidate.row[i]) ** 2;
      if (distance < best.distance) best = { distance, label: candidate.label };
    }
    if (best.label === label) right++;
  }
  return right / test.length;
}

/** Two convolutions with pooling, a dense layer and dropout, as beginners' guides have it; random start. */
export async function convnetFromScratch(tf, train, test, { classes, seed, epochs = 60 }) {
  const [{ width, height }] = train;
  const tensors = (rows) => ({
    x: tf.tensor4d(
      rows.flatMap(({ row }) => [...row]),
      [rows.length, height, width, 1],
    ),
    y: tf.tidy(() =>
      tf
        .oneHot(
          tf.tensor1d(
            rows.map(({ label }) => label),
            'int32',
          ),
          classes,
        )
        .toFloat(),
    ),
  });
  const init = (offset) => tf.initializers.glorotUniform({ seed: seed * 100 + offset });
  const model = tf.sequential();
  model.add(
    tf.layers.conv2d({
      inputShape: [height, width, 1],
      filters: 32,
      kernelSize: 3,
      activation: 'relu',
      kernelInitializer: init(1),
    }),
  );
  model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tf.layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu', kernelInitializer: init(2) }));
  model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tf.layers.flatten());
  model.add(tf.layers.dropout({ rate: 0.5, seed }));
  model.add(tf.layers.dense({ units: classes, activation: 'softmax', kernelInitializer: init(3) }));
  model.compile({ optimizer: tf.train.adam(0.001), loss: 'categoricalCrossentropy' });
  const [learn, judge] = [tensors(train), tensors(test)];
  try {
    await model.fit(learn.x, learn.y, { epochs, batchSize: 10, verbose: 0, shuffle: true });
    return tf.tidy(() => {
      const right = model.predict(judge.x).argMax(1).equal(judge.y.argMax(1));
      return right.toFloat().mean().dataSync()[0];
    });
  } finally {
    tf.dispose([learn, judge]);
    model.dispose();
  }
}
