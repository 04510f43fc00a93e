/** Node, operating system, processor and memory. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem, version } from 'node:os';
import { formatBytes } from '../../core/bytes.js';
import { glibcVersion } from '../machine.js';
import { type Finding, fact, note, problem, type Section } from './finding.js';

/** Instructions that TensorFlow's kernels are chosen by. */
const FEATURES = [
  'sse4_2',
  'avx',
  'avx2',
  'fma',
  'f16c',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'amx_bf16',
  'asimd',
  'sve',
];

export function examineMachine(): Section {
  const cores = availableParallelism();
  return {
    title: 'Machine',
    findings: [
      nodeVersion(process.versions.node),
      fact('os', 'System', `${platform()} ${release()} ${arch()} (${version()})`),
      ...libc(),
      fact(
        'cpu',
        'Processor',
        `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cores} core${cores === 1 ? '' : 's'}`,
      ),
      ...cpuFeatures(),
      fact('memory', 'Memory', memory()),
    ],
  };
}

function nodeVersion(found: string): Finding {
  const [major = 0, minor = 0] = found.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    return problem(
      'node',
      'Node',
      `v${found}`,
      'neuralzoo needs Node 20.19 or newer.',
      'install Node 20.19, 22 or 24',
    );
  }
  const tested = [20, 22, 24].includes(major);
  return tested
    ? fact('node', 'Node', `v${found}`)
    : note('node', 'Node', `v${found}`, 'Not one of the versions that are tested (20, 22, 24).');
}

/** TensorFlow's wheels are built for glibc. */
function libc(): Finding[] {
  if (process.platform !== 'linux') return [];
  const glibc = glibcVersion();
  if (glibc !== undefined) return [fact('libc', 'C library', `glibc ${glibc}`)];
  return [
    problem(
      'libc',
      'C library',
      'musl or another one',
      'TensorFlow is only built for glibc. Pulling and serving models works without it.',
      'use an image with glibc, such as node:22-slim instead of node:22-alpine',
    ),
  ];
}

function cpuFeatures(): Finding[] {
  if (process.platform !== 'linux') return [];
  const line = read('/proc/cpuinfo')?.match(/^(?:flags|Features)\s*:(.*)$/m)?.[1];
  if (line === undefined) return [];
  const words = new Set(line.trim().split(/\s+/));
  const found = FEATURES.filter((feature) => words.has(feature));
  const value = found.join(' ') || 'none of those that matter';
  if (process.arch === 'x64' && !words.has('avx')) {
    return [
      problem(
        'cpuFeatures',
        'Instructions',
        value,
        'TensorFlow is built for processors with AVX and ends with "Illegal instruction" on others.',
        'run on a machine (or virtual machine type) with AVX',
      ),
    ];
  }
  return [fact('cpuFeatures', 'Instructions', value)];
}

function memory(): string {
  const limit = containerLimit();
  const limited = limit !== undefined && limit < totalmem() ? `, limited to ${formatBytes(limit)} here` : '';
  return `${formatBytes(totalmem())}, ${formatBytes(freemem())} free${limited}`;
}

/** Memory limit of the container, in bytes (cgroup version 2, then 1). */
function containerLimit(): number | undefined {
  const text = read('/sys/fs/cgroup/memory.max') ?? read('/sys/fs/cgroup/memory/memory.limit_in_bytes') ?? '';
  const bytes = Number.parseInt(text, 10);
  return Number.isFinite(bytes) ? bytes : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // not this kind of system
  }
}
