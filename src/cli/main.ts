#!/usr/bin/env node
/**
 * The command `zoo`. Only the module of the command that is called gets loaded, so that help and version answer
 * at once.
 */
import { Command, CommanderError } from 'commander';
import { ZooError } from '../core/errors.js';
import type { RunContext } from './command.js';
import { COMMANDS } from './command-list.js';
import { interruptSignal } from './interrupt.js';
import { addCommand, type Outcome } from './program.js';
import { openTerminal } from './terminal.js';
import { packageVersion } from './version.js';
import { wrapText } from './wrap-text.js';

const INTRODUCTION = `A zoo of freely licensed pretrained networks: find one, pull it verified, adapt it to your own data.`;
const EXIT_CODES =
  "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 bytes that don't verify, 5 network or server, " +
  '6 refused by licence or policy, 7 data that does not fit the network, 8 no native runtime, 130 interrupted.';

/** commander's complaint, whose suggestion follows in parentheses. */
function usageError(error: CommanderError): ZooError {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  return new ZooError('USAGE', message, { hint: suggestion?.replace(/^\((.*)\)$/, '$1') });
}

async function main(words: readonly string[]): Promise<number> {
  const terminal = openTerminal();
  const helpWidth = Math.min(terminal.width, 110);
  // `zoo help pull` is what many try first.
  const argv = words[0] === 'help' ? [...words.slice(1), '--help'] : words;
  const json = argv.includes('--json');
  const wanted = argv.find((word) => !word.startsWith('-'));
  const context: RunContext = {
    terminal,
    signal: interruptSignal(terminal),
    env: process.env,
    cwd: process.cwd(),
  };
  const outcome: Outcome = { exitCode: 0 };

  const program = new Command('zoo')
    .description(INTRODUCTION)
    .version(packageVersion(), '-v, --version', 'print the version')
    // Else the --version of "runtime install" would be this one.
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText('after', `\n${wrapText(EXIT_CODES, helpWidth)}`)
    .showSuggestionAfterError()
    .configureHelp({ helpWidth })
    .exitOverride();
  // A program that asked for JSON gets its errors that way too.
  if (json) program.configureOutput({ outputError: () => {} });
  for (const entry of COMMANDS) {
    if (entry.name === wanted)
      addCommand(program, await entry.load(), context, outcome).summary(entry.summary);
    else program.command(entry.name).summary(entry.summary).description(entry.summary);
  }

  if (wanted === 'complete') {
    const { complete } = await import('./complete.js');
    await complete(argv.slice(argv.indexOf('complete') + 1), context);
    return 0;
  }
  if (argv.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    const { reportError } = await import('./report-error.js');
    if (!(error instanceof CommanderError)) return reportError(error, terminal, json);
    // commander has already printed its message; help and version end this way too.
    if (error.exitCode === 0 || error.code === 'commander.help') return error.exitCode === 0 ? 0 : 2;
    return json ? reportError(usageError(error), terminal, json) : 2;
  }
}

// A reader that closes the pipe early (`zoo list | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
