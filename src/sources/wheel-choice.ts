/** Which of a release's files holds the weights. */
import { eq, valid } from '@renovatebot/pep440';
import { SourceFault } from './remote-file.js';
import { type IndexFile, normalizedProject } from './simple-index.js';
import type { ArchiveHint } from './source.js';

/** The parts of a wheel's name (PEP 427). */
interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly python: string;
  readonly abi: string;
  readonly platform: string;
}

export interface WheelPlatform {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
}

const WHEEL = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-([^-]+)-([^-]+)-([^-]+)\.whl$/;
/** How many names an error lists. */
const MOST_LISTED = 8;

/**
 * The file that `hint` names, or without a hint the best wheel of the release: one for every platform if there is
 * one, else one for this machine; one for every Python before one for the newest. Weights don't depend on either.
 * @throws SourceFault `missing` when there is no such file, `wrong` when the index says that its bytes are others.
 */
export function chooseFile(
  files: readonly IndexFile[],
  name: string,
  version: string,
  hint: ArchiveHint | undefined,
  machine: WheelPlatform = process,
): IndexFile {
  const label = `pypi:${name}==${version}`;
  if (hint !== undefined) return hintedFile(files, hint, label);
  const release = files.flatMap((file) => {
    const wheel = parseWheel(file.name);
    const same =
      wheel !== undefined &&
      normalizedProject(wheel.project) === normalizedProject(name) &&
      sameVersion(wheel.version, version);
    return same ? [{ file, wheel }] : [];
  });
  const ranked = release
    .map(({ file, wheel }) => ({ file, wheel, fit: platformFit(wheel.platform, machine) }))
    .filter(({ fit }) => fit > 0)
    .toSorted(
      (a, b) =>
        Number(a.file.yanked) - Number(b.file.yanked) ||
        b.fit - a.fit ||
        pythonRank(b.wheel) - pythonRank(a.wheel) ||
        (a.file.name < b.file.name ? -1 : 1),
    );
  const best = ranked[0]?.file;
  if (best !== undefined) return best;
  const found = release.map(({ file }) => file.name);
  throw new SourceFault(
    'missing',
    found.length === 0
      ? `${label}: the index has no wheel of this version`
      : `${label}: no wheel is for ${machine.platform} on ${machine.arch}; there are ${listed(found)}`,
  );
}

function hintedFile(files: readonly IndexFile[], hint: ArchiveHint, label: string): IndexFile {
  const file = files.find(({ name }) => name === hint.name);
  if (file === undefined) throw new SourceFault('missing', `${label}: the index has no file ${hint.name}`);
  if (file.sha256 !== undefined && file.sha256 !== hint.sha256) {
    throw new SourceFault(
      'wrong',
      `${label}: ${hint.name} should have sha256 ${hint.sha256}, but the index says ${file.sha256}`,
    );
  }
  if (file.size !== undefined && file.size !== hint.size) {
    throw new SourceFault(
      'wrong',
      `${label}: ${hint.name} should have ${hint.size} bytes, but the index says ${file.size}`,
    );
  }
  return file;
}

export function parseWheel(name: string): Wheel | undefined {
  const [, project, version, python, abi, platform] = WHEEL.exec(name) ?? [];
  if (!project || !version || !python || !abi || !platform) return undefined;
  return { project, version, python, abi, platform };
}

/** `1.0` and `1.0.0` are one version (PEP 440); in names of wheels `_` stands for `-`. */
export function sameVersion(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.replaceAll('_', '-'));
  if (left === undefined || right === undefined) return false;
  return valid(left) !== null && valid(right) !== null ? eq(left, right) : left === right;
}

/** 0: not for this machine. */
function platformFit(tags: string, machine: WheelPlatform): number {
  return Math.max(...tags.split('.').map((tag) => (tag === 'any' ? 4 : tagFit(tag, machine))));
}

function tagFit(tag: string, { platform, arch }: WheelPlatform): number {
  if (platform === 'linux') {
    const cpu = { x64: 'x86_64', arm64: 'aarch64', ia32: 'i686', arm: 'armv7l' }[arch] ?? arch;
    if (!tag.endsWith(`_${cpu}`)) return 0;
    if (tag.startsWith('manylinux')) return 3;
    return tag.startsWith('linux') ? 2 : Number(tag.startsWith('musllinux'));
  }
  if (platform === 'darwin' && tag.startsWith('macosx_')) {
    if (tag.endsWith(arch === 'arm64' ? '_arm64' : '_x86_64')) return 3;
    return Number(tag.endsWith('_universal2')) * 2;
  }
  const windows = { x64: 'win_amd64', arm64: 'win_arm64', ia32: 'win32' }[arch];
  return platform === 'win32' && tag === windows ? 3 : 0;
}

/** Wheels for every Python first, then those with a stable interface, then the newest Python. */
function pythonRank({ python, abi }: Wheel): number {
  if (abi === 'none') return 10_000;
  if (abi === 'abi3') return 9_000;
  return Number(/^[a-z]+(\d+)/.exec(python)?.[1] ?? 0);
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  return `${names.slice(0, MOST_LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
