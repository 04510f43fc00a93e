/** `zoo doctor`: one page that can be pasted into a bug report. */
import type { Finding } from '../../runtime/doctor/finding.js';
import type { CommandSpec } from '../command.js';
import { flag, JSON_OPTION, OFFLINE_OPTION } from '../options.js';
import type { Terminal } from '../terminal.js';

export const doctor: CommandSpec = {
  name: 'doctor',
  description:
    'Examines Node, system, processor, memory, compiler, cache, index, the registries in use, native TensorFlow and GPU, and ' +
    'says for everything that is wrong which command mends it. Prints no secrets. Ends with 8 when native TensorFlow ' +
    'does not work, and with 1 when something else is wrong.',
  options: [OFFLINE_OPTION, JSON_OPTION],
  examples: ['zoo doctor', 'zoo doctor --json'],
  async run(_arguments, options, { terminal, signal, env, cwd }) {
    const [{ examine }, { isOffline }, { packageVersion }, { wrapText }] = await Promise.all([
      import('../../runtime/doctor/examine.js'),
      import('../../zoo/is-offline.js'),
      import('../version.js'),
      import('../wrap-text.js'),
    ]);
    const offline = flag(options, 'offline') || isOffline(env);
    const report = await examine({ env, cwd, offline, signal });
    const problems = report.sections.flatMap(({ findings }) =>
      findings.filter(({ state }) => state === 'problem'),
    );
    if (flag(options, 'json')) {
      terminal.printJson({ version: packageVersion(), ...report });
    } else {
      terminal.print(`neuralzoo ${packageVersion()}`);
      for (const { title, findings } of report.sections) {
        terminal.print(`\n${terminal.colours.bold(title)}`);
        for (const line of findings.flatMap((finding) => linesOf(finding, terminal, wrapText)))
          terminal.print(line);
      }
      terminal.print(
        problems.length === 0
          ? `\n${terminal.colours.green('✓')} all right`
          : `\n${terminal.colours.red('✗')} ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`,
      );
    }
    if (problems.length === 0) return 0;
    return problems.some(({ key }) => key === 'runtime' || key === 'tensorflow') ? 8 : 1;
  },
};

const NAME_WIDTH = 16;

function linesOf(
  { name, value, state, detail, remedy }: Finding,
  { colours, width }: Terminal,
  wrap: (text: string, width: number, indent: number) => string,
): string[] {
  const mark = { ok: ' ', note: colours.yellow('!'), problem: colours.red('✗') }[state];
  const indent = NAME_WIDTH + 3;
  const spaces = ' '.repeat(indent);
  return [
    `${mark} ${name.padEnd(NAME_WIDTH)} ${wrap(value, width, indent)}`,
    ...(detail === undefined ? [] : [`${spaces}${wrap(detail, width, indent)}`]),
    // A command is pasted: never broken.
    ...(remedy === undefined ? [] : [`${spaces}→ ${colours.bold(remedy)}`]),
  ];
}
