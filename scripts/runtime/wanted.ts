/** What a runtime is made of: which versions, which packages, and which of their files. */

export interface WantedOffer {
  readonly tensorflow: string;
  readonly device: 'cpu' | 'gpu';
  readonly platform: 'linux-x64' | 'linux-arm64' | 'darwin-arm64';
  readonly tested: boolean;
  /** Least versions of glibc and of libstdc++'s symbols, as `readelf -V` shows them in the libraries. */
  readonly glibc?: string;
  readonly glibcxx?: string;
}

/** The one that `zoo runtime install` takes. docs/runtime.md says why. */
export const DEFAULT_VERSION = '2.18.1';

const VERSIONS = [
  { tensorflow: '2.18.1', glibc: '2.17', glibcxx: '3.4.19' },
  { tensorflow: '2.19.1', glibc: '2.17', glibcxx: '3.4.19' },
  { tensorflow: '2.20.0', glibc: '2.17', glibcxx: '3.4.19' },
  { tensorflow: '2.21.0', glibc: '2.27', glibcxx: '3.4.22' },
];

export const OFFERS: readonly WantedOffer[] = VERSIONS.flatMap(({ tensorflow, ...libraries }) => [
  { tensorflow, device: 'cpu', platform: 'linux-x64', tested: true, ...libraries },
  { tensorflow, device: 'gpu', platform: 'linux-x64', tested: false, ...libraries },
  { tensorflow, device: 'cpu', platform: 'linux-arm64', tested: false, ...libraries },
  { tensorflow, device: 'cpu', platform: 'darwin-arm64', tested: false },
]);

/** Only the C++ library is taken, which is the same for every Python; one of them had to be picked. */
const PYTHON = 'cp311-cp311';

/** Project and file name of the TensorFlow wheel. */
export function tensorflowWheel({ tensorflow, device, platform, glibc }: WantedOffer) {
  const project = device === 'cpu' && platform === 'linux-x64' ? 'tensorflow-cpu' : 'tensorflow';
  const manylinux = (cpu: string) =>
    glibc === '2.17' ? `manylinux_2_17_${cpu}.manylinux2014_${cpu}` : `manylinux_2_27_${cpu}`;
  const tags = {
    'linux-x64': manylinux('x86_64'),
    'linux-arm64': manylinux('aarch64'),
    'darwin-arm64': 'macosx_12_0_arm64',
  };
  return { project, name: `${project.replace('-', '_')}-${tensorflow}-${PYTHON}-${tags[platform]}.whl` };
}

/** The headers that tfjs-node's binding includes, directly or not: what `c++ -M` lists. */
const HEADERS = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
].map((header) => `tensorflow/include/${header}`);

const LIBRARY = /^tensorflow\/libtensorflow_(cc|framework)\.(so\.2|2\.dylib)$/;

export function isWantedOfTensorflow(path: string): boolean {
  return LIBRARY.test(path) || HEADERS.includes(path) || path === 'tensorflow/THIRD_PARTY_NOTICES.txt';
}

/** Count of files that `isWantedOfTensorflow` must find in every wheel, the notices apart. */
export const NEEDED_OF_TENSORFLOW = HEADERS.length + 2;

/**
 * CUDA as TensorFlow's extra `and-cuda` asks for it: 2.18 names exactly these versions, later ones name them as the
 * least, but for NCCL.
 */
export function cudaPackages(tensorflow: string): readonly string[] {
  const nccl = tensorflow.startsWith('2.21.') ? '2.27.7' : '2.21.5';
  return [
    'nvidia-cublas-cu12==12.5.3.2',
    'nvidia-cuda-cupti-cu12==12.5.82',
    'nvidia-cuda-nvcc-cu12==12.5.82',
    'nvidia-cuda-nvrtc-cu12==12.5.82',
    'nvidia-cuda-runtime-cu12==12.5.82',
    'nvidia-cudnn-cu12==9.3.0.75',
    'nvidia-cufft-cu12==11.2.3.61',
    'nvidia-curand-cu12==10.3.6.82',
    'nvidia-cusolver-cu12==11.6.3.83',
    'nvidia-cusparse-cu12==12.5.1.3',
    `nvidia-nccl-cu12==${nccl}`,
    'nvidia-nvjitlink-cu12==12.5.82',
  ];
}

/** Libraries, what XLA compiles kernels with, and the licence. */
export function isWantedOfCuda(path: string): boolean {
  return (
    /^nvidia\/[a-z_]+\/lib\/[^/]+\.so[.\d]*$/.test(path) ||
    /^nvidia\/cuda_nvcc\/(bin\/(ptxas|nvlink|fatbinary)|nvvm\/libdevice\/[^/]+)$/.test(path) ||
    /^[^/]+\.dist-info\/(licenses\/)?License\.txt$/i.test(path)
  );
}

export interface WantedPackage {
  readonly locator: string;
  isWanted(path: string): boolean;
}

const LICENSE = /^licen[cs]e[^/]*$/i;

/**
 * The npm packages that `require('@tensorflow/tfjs-node')` really loads, with the files that they are loaded from.
 * Its other dependencies serve its install script (adm-zip, tar, rimraf, https-proxy-agent, node-pre-gyp) or tools
 * on the command line (yargs, argparse, chalk, core-js, regenerator-runtime); node-fetch is for Nodes without `fetch`.
 */
export const PACKAGES: readonly WantedPackage[] = [
  {
    locator: 'npm:@tensorflow/tfjs-node@4.22.0',
    isWanted: (path) =>
      path === 'package.json' ||
      LICENSE.test(path) ||
      /^binding\/[^/]+\.(cc|h)$/.test(path) ||
      (/^dist\/.+\.js$/.test(path) && !/_test\.js$|^dist\/(run_tests|benchmarks?)/.test(path)),
  },
  ...[
    'tfjs',
    'tfjs-core',
    'tfjs-layers',
    'tfjs-converter',
    'tfjs-data',
    'tfjs-backend-cpu',
    'tfjs-backend-webgl',
  ].map((name) => package_(`@tensorflow/${name}@4.22.0`, [`dist/${name.replace('tfjs', 'tf')}.node.js`])),
  package_('google-protobuf@3.21.4', ['google-protobuf.js']),
  package_('long@4.0.0', ['src/long.js']),
  package_('progress@2.0.3', ['index.js', 'lib/node-progress.js']),
  package_('seedrandom@3.0.5', [
    'index.js',
    'seedrandom.js',
    ...['alea', 'tychei', 'xor128', 'xor4096', 'xorshift7', 'xorwow'].map((name) => `lib/${name}.js`),
  ]),
  package_(
    'node-api-headers@1.9.0',
    ['js_native_api', 'js_native_api_types', 'node_api', 'node_api_types'].map((name) => `include/${name}.h`),
  ),
];

function package_(name: string, files: readonly string[]): WantedPackage {
  return {
    locator: `npm:${name}`,
    isWanted: (path) => path === 'package.json' || LICENSE.test(path) || files.includes(path),
  };
}
