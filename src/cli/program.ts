/** Commands as data to a commander program. */
import { Argument, type Command, Option } from 'commander';
import type { CommandSpec, OptionSpec, OptionValues, RunContext } from './command.js';

/** What a run left behind: the exit code of the command that ran. */
export interface Outcome {
  exitCode: number;
}

/** Adds `spec` under `parent`, ready to parse and run. */
export function addCommand(
  parent: Command,
  spec: CommandSpec,
  context: RunContext,
  outcome: Outcome,
): Command {
  const command = parent.command(spec.name).description(spec.description);
  for (const argument of spec.arguments ?? []) {
    command.addArgument(new Argument(argument.syntax, argument.description));
  }
  for (const option of spec.options ?? []) command.addOption(makeOption(option));
  if (spec.examples !== undefined && spec.examples.length > 0) {
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  ${line}`).join('\n')}`);
  }
  for (const subcommand of spec.subcommands ?? []) addCommand(command, subcommand, context, outcome);
  const { run } = spec;
  if (run !== undefined) {
    command.action(async () => {
      const code = await run(
        command.processedArgs.flat().filter(isText),
        command.opts<OptionValues>(),
        context,
      );
      outcome.exitCode = code ?? 0;
    });
  }
  return command;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function makeOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  if (Array.isArray(spec.completion)) option.choices(spec.completion);
  if (spec.repeatable) {
    option.argParser<string[]>((value, previous) => [...(previous ?? []), value]);
  }
  return option;
}
