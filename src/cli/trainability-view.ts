/** What of a network can be trained, as a person reads it. */
import type { Network } from '../formats/network.js';
import type { Trainability } from '../graph/gradients/trainability.js';
import { renderTable } from './table.js';
import type { Terminal } from './terminal.js';

export interface TrainabilityView {
  readonly id: string;
  readonly network: Network;
  readonly trainability: Trainability;
}

/** Names are shown whole: they are what `zoo finetune --train` takes. */
export function printTrainability({ id, network, trainability }: TrainabilityView, terminal: Terminal): void {
  const { bold, dim } = terminal.colours;
  const { given, obstacles, from, parameters, frozen } = trainability;
  terminal.print(`${bold(id)}  ${dim(network.format)}`);
  terminal.print('');
  if (obstacles.length === 0)
    terminal.print('Every operation between parameters and outputs has a gradient.');
  else {
    const columns = [{ title: 'NO GRADIENT' }, { title: 'LAYER', flexible: true, minimum: 16 }];
    const rows = obstacles.map(({ operation, layer }) => [operation, layer]);
    terminal.print(renderTable(columns, rows, terminal));
  }
  if (from === undefined) terminal.print('Nothing of it trains.');
  else {
    terminal.print('Everything trains from this layer on:');
    terminal.print(`  ${from}`);
    terminal.print(`${countText(network, parameters)} train.`);
  }
  if (frozen.length > 0) {
    terminal.print('');
    terminal.print(`${countText(network, frozen)} stay frozen:`);
    for (const name of frozen) terminal.print(`  ${name}`);
  }
  if (given.length > 0) {
    terminal.print('');
    terminal.print('Computed first for each batch, as their size depends on the data:');
    for (const name of given) terminal.print(`  ${name}`);
  }
}

/** `158 parameters (3,504,872 numbers)`. */
function countText({ parameters }: Network, names: readonly string[]): string {
  const numbers = names
    .flatMap((name) => parameters.get(name) ?? [])
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return `${names.length} parameters (${numbers.toLocaleString('en')} numbers)`;
}
