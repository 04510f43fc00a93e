/**
 * Builds tfjs-node's binding: its two C++ files and one of our own, against the headers of Node-API and of TensorFlow's
 * C interface. One call of the compiler does it, so neither node-gyp nor Python nor make is needed, nor the headers of
 * this Node: Node-API is the same in all versions that neuralzoo runs on, so one build serves them all.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ZooError } from '../core/errors.js';
import { type Compiler, compilerRemedy, findCompiler } from './find-compiler.js';
import { LOG_LEVEL, logLevelArguments } from './log-level.js';
import { BINDING_PATH, TFJS_NODE } from './runtime-layout.js';

const SOURCES = `node_modules/${TFJS_NODE}/binding`;
/** From the binding's folder to the libraries'. */
const TO_LIBRARIES = '../../../../../tensorflow';

const TIME_LIMIT_MS = 10 * 60_000;

/** @throws ZooError `NO_RUNTIME` when there is none. */
export async function requireCompiler(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Compiler> {
  const compiler = await findCompiler(env, signal);
  if (compiler !== undefined) return compiler;
  throw new ZooError('NO_RUNTIME', 'There is no C++ compiler to build the binding with', {
    expected: env.CXX
      ? 'a compiler where CXX says'
      : 'c++, g++ or clang++ on the PATH, or one that CXX names',
    found: env.CXX ? `CXX=${env.CXX}, which does not run` : 'none',
    hint: `Install one, then run this again: ${compilerRemedy(process.platform)}`,
  });
}

/** The compiler's arguments for the runtime in `folder`, with paths relative to it. */
async function compilerArguments(folder: string, signal: AbortSignal): Promise<string[]> {
  const [ending, link] =
    process.platform === 'darwin'
      ? ['2.dylib', ['-bundle', '-undefined', 'dynamic_lookup', `-Wl,-rpath,@loader_path/${TO_LIBRARIES}`]]
      : ['so.2', ['-shared', '-ldl', `-Wl,-rpath,$ORIGIN/${TO_LIBRARIES}`]];
  const core = `libtensorflow_cc.${ending}`;
  const library = { path: `tensorflow/${core}`, fromBinding: `${TO_LIBRARIES}/${core}` };
  return [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-DNAPI_VERSION=8',
    '-Inode_modules/node-api-headers/include',
    '-Itensorflow/include',
    ...(await logLevelArguments(folder, library, signal)),
    `${SOURCES}/tfjs_backend.cc`,
    `${SOURCES}/tfjs_binding.cc`,
    LOG_LEVEL.path,
    library.path,
    `tensorflow/libtensorflow_framework.${ending}`,
    ...link,
    '-o',
    BINDING_PATH,
  ];
}

/**
 * Compiles the binding of the runtime in `folder`.
 * @throws ZooError `NO_RUNTIME` with the compiler's first error.
 */
export async function compileBinding(
  folder: string,
  { command, version }: Compiler,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dirname(join(folder, BINDING_PATH)), { recursive: true });
  const args = await compilerArguments(folder, signal);
  try {
    await promisify(execFile)(command, args, {
      cwd: folder,
      env,
      signal,
      timeout: TIME_LIMIT_MS,
      maxBuffer: 1 << 26,
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw new ZooError('NO_RUNTIME', 'The binding between Node and TensorFlow could not be built', {
      expected: 'a compiler for C++17',
      found: `${version}: ${firstError(cause)}`,
      hint: 'Name another compiler with CXX, such as: CXX=g++-12 zoo runtime install',
      cause,
    });
  }
}

function firstError(cause: unknown): string {
  const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : '';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((text) => /error/i.test(text)) ?? lines[0];
  return line?.trim() ?? (cause instanceof Error ? cause.message : String(cause));
}
