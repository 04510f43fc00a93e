/** What is compared in finetune.mjs, and which ratios are asked for. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const GRAPH = 'zoo, graph';
const KERNELS = 'zoo, graph, tensors of BatchNorm frozen';
const BATCH_MODE = 'zoo, graph, BatchNorm in training mode';
const GUIDE = 'Keras as its guide writes it (BatchNorm in training mode)';
const STORED = 'Keras, BatchNorm on stored statistics';
const FOLDED = 'Keras, BatchNorm folded by hand';
const TORCH = 'PyTorch, BatchNorm on stored statistics';
const TORCH_TRAINING = 'PyTorch, BatchNorm in training mode';
const TORCH_FOLDED = 'PyTorch, BatchNorm folded';
const STOCK = 'tfjs-node';

const STEPS = {
  'mobilenet-v2': 24,
  resnet50: 8,
  'minilm-l6-v2': 12,
};
/** tfjs-node takes four seconds a step. */
const STOCK_STEPS = 3;
const EPOCHS = 6;

/**
 * @param paths python, dist, home, shared (of prepare.mjs), model and photos (of features/prepare.mjs).
 * @param steps instead of those that are usual, to try the script out.
 * @returns by task: title, unit of `perSecond`, command lines by name (the first is ours), and bars: `ours` must be at
 *   least (`most` for memory: at most) so many times `theirs`.
 */
export function contests({ python, dist, home, shared, model, photos }, steps) {
  const count = (usual) => `${steps ?? usual}`;
  const config = join(home, 'models', 'text', 'minilm-l6-v2', '1.0.0', 'config.json');
  const digits = join(shared, 'digits');
  const node = (file, ...rest) => [process.execPath, here(file), ...rest];
  const py = (file, ...rest) => [python, here(file), ...rest];
  const zoo = (network, way) =>
    node('zoo-steps.mjs', network, way, count(STEPS[network]), dist, home, shared);
  const keras = (network, mode) => py('keras_steps.py', network, mode, count(STEPS[network]), model, shared);
  const torch = (network, mode) => py('torch_steps.py', network, mode, count(STEPS[network]), config, shared);
  const folding = (network) => ({
    [GRAPH]: zoo(network, 'graph'),
    [KERNELS]: zoo(network, 'graph-kernels'),
    [BATCH_MODE]: zoo(network, 'graph-batch'),
    [GUIDE]: keras(network, 'guide'),
    [STORED]: keras(network, 'stored'),
    [FOLDED]: keras(network, 'folded'),
    [TORCH]: torch(network, 'stored'),
    [TORCH_FOLDED]: torch(network, 'folded'),
  });
  const pictures = (contestants, bars) => ({
    unit: 'pictures/s',
    each: 16,
    contestants,
    bars,
  });
  return {
    'mobilenet-v2': {
      title: 'MobileNetV2, all parameters, 224 x 224, batches of 16',
      ...pictures(
        {
          ...folding('mobilenet-v2'),
          [TORCH_TRAINING]: torch('mobilenet-v2', 'training'),
          'zoo, operation by operation': zoo('mobilenet-v2', 'eager'),
          [STOCK]: node('stock-steps.mjs', steps ?? `${STOCK_STEPS}`, dist, home, model, shared),
        },
        [
          { ours: GRAPH, theirs: STOCK, least: 9 },
          { ours: GRAPH, theirs: STORED, least: 1.3 },
          { ours: BATCH_MODE, theirs: GUIDE, least: 1.3 },
          { ours: GRAPH, theirs: TORCH, least: 1.5 },
          { ours: BATCH_MODE, theirs: TORCH_TRAINING, least: 1.5 },
          { ours: GRAPH, theirs: FOLDED, least: 0.95 },
          { ours: KERNELS, theirs: FOLDED, least: 0.95 },
          { ours: GRAPH, theirs: STORED, most: 0.6 },
          { ours: BATCH_MODE, theirs: GUIDE, most: 0.6 },
        ],
      ),
    },
    resnet50: {
      title: 'ResNet50, all parameters, 224 x 224, batches of 16',
      ...pictures(folding('resnet50'), [
        { ours: GRAPH, theirs: STORED, least: 1 },
        { ours: GRAPH, theirs: TORCH, least: 1 },
        { ours: BATCH_MODE, theirs: GUIDE, least: 1 },
      ]),
    },
    'minilm-l6-v2': {
      title: 'MiniLM, all parameters, 128 tokens, batches of 16, no dropout',
      unit: 'texts/s',
      each: 16,
      contestants: {
        [GRAPH]: zoo('minilm-l6-v2', 'graph'),
        Keras: keras('minilm-l6-v2', 'guide'),
        'PyTorch, transformers': torch('minilm-l6-v2', 'stored'),
      },
      bars: [
        { ours: GRAPH, theirs: 'Keras', least: 1 },
        { ours: GRAPH, theirs: 'PyTorch, transformers', least: 1 },
      ],
    },
    third: {
      title: 'The last third of MobileNetV2, 256 photographs, batches of 16',
      unit: 'epochs/s',
      each: 1,
      contestants: {
        'zoo, fit from a layer on': node('zoo-third.mjs', count(EPOCHS), dist, home, photos),
        'Keras, the same layers frozen': py('keras_third.py', 'frozen', count(EPOCHS), model, photos),
        'Keras, their output computed once by hand': py(
          'keras_third.py',
          'cached',
          count(EPOCHS),
          model,
          photos,
        ),
      },
      bars: [{ ours: 'zoo, fit from a layer on', theirs: 'Keras, the same layers frozen', least: 3 }],
    },
    accuracy: {
      title: 'From the command to 95 % on digits, 100 pictures of each to learn from',
      contestants: {
        'zoo finetune and evaluate': node('zoo-accuracy.mjs', dist, home, digits),
        'Keras after its guide': py('keras_accuracy.py', '1e-5', model, digits),
        'Keras, all layers at 1e-4': py('keras_accuracy.py', '1e-4', model, digits),
      },
      bars: [{ ours: 'zoo finetune and evaluate', theirs: 'Keras after its guide', least: 3 }],
    },
  };
}
