/** What decides which TensorFlow a machine can run: system, processor, C library. */

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Version of glibc; undefined where there is another C library. */
  readonly glibc: string | undefined;
}

export function thisMachine(): Machine {
  return { platform: process.platform, arch: process.arch, glibc: glibcVersion() };
}

/** Version of glibc that this Node runs on, which Node's own report tells; undefined for other C libraries. */
export function glibcVersion(): string | undefined {
  const report: unknown = process.report?.getReport();
  if (typeof report !== 'object' || report === null || !('header' in report)) return undefined;
  const { header } = report;
  if (typeof header !== 'object' || header === null || !('glibcVersionRuntime' in header)) return undefined;
  return typeof header.glibcVersionRuntime === 'string' ? header.glibcVersionRuntime : undefined;
}
