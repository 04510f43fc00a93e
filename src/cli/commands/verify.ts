/** `zoo verify`: hash what is installed again, and repair it. */
import type { VerifyReport } from '../../cache/verify.js';
import type { CommandSpec } from '../command.js';
import { flag, JSON_OPTION } from '../options.js';
import type { ProgressView } from '../progress.js';
import type { Terminal } from '../terminal.js';

export const verify: CommandSpec = {
  name: 'verify',
  description:
    'Hashes installed models again with all cores and says exactly which bytes are wrong. With --repair only the ' +
    'damaged pieces are fetched again. Ends with 4 when something is wrong and stays so.',
  arguments: [
    { syntax: '[references...]', description: 'installed models; all by default', completion: 'installed' },
  ],
  options: [{ flags: '--repair', description: 'fetch what is damaged or missing again' }, JSON_OPTION],
  examples: ['zoo verify', 'zoo verify mobilenet-v2 --repair'],
  async run(references, options, { terminal, signal, env, cwd }) {
    const [{ openZoo }, { openProgress }, { formatBytes }] = await Promise.all([
      import('../../zoo/open-zoo.js'),
      import('../progress.js'),
      import('../../core/bytes.js'),
    ]);
    const json = flag(options, 'json');
    const zoo = await openZoo({ env, cwd });
    const progress = json ? undefined : openProgress(terminal);
    try {
      const repair = flag(options, 'repair');
      const { report, repaired } = await zoo.verify(references, {
        repair,
        signal,
        onEvent: (event) => progress?.update(event),
        onProgress: progress && terminal.interactive ? hashingProgress(progress) : undefined,
      });
      progress?.end();
      if (json) {
        terminal.printJson({ ...report, repaired });
        return report.ok ? 0 : 4;
      }
      if (repaired !== undefined) {
        terminal.print(`repaired ${repaired.models.join(', ')}: ${formatBytes(repaired.received)} fetched`);
      }
      printFaults(report, terminal);
      const summary = `${report.models} models, ${report.blobs} files, ${formatBytes(report.bytes)}`;
      if (report.ok) terminal.print(`${terminal.colours.green('✓')} ${summary}: all right`);
      else terminal.note(`${summary}: damaged${repair ? '' : '. To mend it: zoo verify --repair'}`);
      return report.ok ? 0 : 4;
    } finally {
      await zoo.close();
    }
  },
};

/** Hashing as one bar. */
function hashingProgress(progress: ProgressView): (verified: number, total: number) => void {
  const [key, label] = ['verify', 'hashing'];
  let begun = false;
  return (verified, size) => {
    if (!begun) progress.update({ type: 'start', key, label, size });
    begun = true;
    progress.update({ type: 'progress', key, label, size, verified, received: verified, host: undefined });
    if (verified === size) progress.update({ type: 'done', key, label, received: size });
  };
}

function printFaults(report: VerifyReport, { print, colours }: Terminal): void {
  const users = (models: VerifyReport['damaged'][number]['models']) =>
    models.map((model) => `${model.category}/${model.name}@${model.version}`).join(', ');
  for (const blob of report.damaged) {
    const spans = blob.bad.map((span) => `${span.start}-${span.end - 1}`).join(', ');
    print(
      `${colours.red('damaged')} ${blob.digest} of ${users(blob.models)}: ${spans === '' ? 'its length' : `bytes ${spans}`}`,
    );
  }
  for (const blob of report.missing)
    print(`${colours.red('missing')} ${blob.digest} of ${users(blob.models)}`);
  for (const { model, path, problem } of report.folders) {
    print(`${colours.red('folder')}  ${users([model])}: ${path === '' ? 'the folder' : path}: ${problem}`);
  }
  for (const { key, error } of report.unreadable)
    print(`${colours.red('record')}  ${users([key])}: ${error.message}`);
}
