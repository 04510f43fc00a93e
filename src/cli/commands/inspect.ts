/** `zoo inspect`: the layers of a network, their shapes and parameters, and where it can be cut. */
import type { LayerInfo, Network, Shape } from '../../formats/network.js';
import type { Trainability } from '../../graph/gradients/trainability.js';
import type { Card } from '../../registry/card.js';
import type { CommandSpec, RunContext } from '../command.js';
import { type Fold, foldLayers, type ShownLayer } from '../fold-layers.js';
import { needRuntime, YES_OPTION } from '../need-runtime.js';
import { flag, JSON_OPTION } from '../options.js';
import { renderTable } from '../table.js';
import type { Terminal } from '../terminal.js';
import { printTrainability } from '../trainability-view.js';

/** Columns that a kind and a shape are given at most, so that names have room in 80 columns. */
const KIND_WIDTH = 16;
const SHAPE_WIDTH = 16;
/** What the columns next to the name take: the mark, a number of parameters, gaps. */
const OTHER_WIDTH = 22;
const MIN_NAME = 16;

interface Opened {
  readonly id: string;
  readonly folder: string;
  readonly card: Card;
}

export const inspect: CommandSpec = {
  name: 'inspect',
  description:
    'Loads a network and lists its layers in the order of the forward pass: output shape, number of parameters, ' +
    'and whether the network can be cut there to take features out. Long networks are folded.',
  arguments: [
    {
      syntax: '<reference>',
      description: 'name, name@version, or a folder with a network in it',
      completion: 'installed',
    },
  ],
  options: [
    { flags: '--all', description: 'show every layer or node of a long network' },
    {
      flags: '--trainable',
      description:
        'tell instead which operations have no gradient, and from which layer on everything trains',
    },
    YES_OPTION,
    JSON_OPTION,
  ],
  examples: [
    'zoo inspect resnet50',
    'zoo inspect basic-pitch --all | less',
    'zoo inspect use-lite --trainable',
    'zoo inspect ./my-model --json',
  ],
  async run([reference = ''], options, context) {
    const [{ openNetwork }, { cacheRoot }] = await Promise.all([
      import('../../transfer/open-network.js'),
      import('../../cache/cache-root.js'),
    ]);
    const { terminal, env } = context;
    // Before anything is fetched that could not be looked into.
    await needRuntime({ home: cacheRoot(env), offline: false, yes: flag(options, 'yes') }, context);
    const { id, folder, card } = await open(reference, context);
    const network = await openNetwork(folder, card);
    try {
      await network.observe?.();
      const layers = network.layers.map((layer) => shownLayer(layer, network, card));
      const totals = parameterTotals(network);
      const trainability = flag(options, 'trainable') ? await trainabilityOf(network, card) : undefined;
      if (flag(options, 'json')) {
        const { format, inputs, outputs, synchronous } = network;
        terminal.printJson({
          id,
          format,
          inputs,
          outputs,
          synchronous,
          parameters: totals,
          ...(trainability === undefined ? {} : { trainability }),
          layers,
        });
        return 0;
      }
      if (trainability !== undefined) {
        printTrainability({ id, network, trainability }, terminal);
        return 0;
      }
      print({ id, network, layers, totals, all: flag(options, 'all') }, terminal);
      return 0;
    } finally {
      network.dispose();
    }
  },
};

/** A folder, an installed model, or one that is pulled now. */
async function open(reference: string, { terminal, signal, env, cwd }: RunContext): Promise<Opened> {
  const [{ resolve }, { folderCard, meansFolder }] = await Promise.all([
    import('node:path'),
    import('../folder-card.js'),
  ]);
  const path = resolve(cwd, reference);
  if (await meansFolder(path, reference))
    return { id: reference, folder: path, card: await folderCard(path) };
  const [{ openZoo }, { openProgress }, { ZooError }, { modelId }] = await Promise.all([
    import('../../zoo/open-zoo.js'),
    import('../progress.js'),
    import('../../core/errors.js'),
    import('../../cache/layout.js'),
  ]);
  const zoo = await openZoo({ env, cwd });
  try {
    try {
      const model = await zoo.installed(reference);
      return { id: modelId(model), folder: await zoo.path(reference), card: await zoo.card(model) };
    } catch (error) {
      if (!(error instanceof ZooError) || error.code !== 'NOT_CACHED') throw error;
    }
    const progress = openProgress(terminal);
    try {
      const pulled = await zoo.pull(reference, { signal, onEvent: (event) => progress.update(event) });
      return { id: pulled.id, folder: pulled.path, card: pulled.card };
    } finally {
      progress.end();
    }
  } finally {
    await zoo.close();
  }
}

async function trainabilityOf(network: Network, card: Card): Promise<Trainability> {
  const [{ findTrainable }, { exampleInputs }, { tf }] = await Promise.all([
    import('../../graph/gradients/trainability.js'),
    import('../../graph/gradients/example-inputs.js'),
    import('../../runtime/tensorflow.js'),
  ]);
  const example = exampleInputs(network, card);
  try {
    return await findTrainable(network, example);
  } finally {
    tf.dispose(example);
  }
}

function shownLayer(layer: LayerInfo, network: Network, card: Card): ShownLayer {
  const parameters = layer.parameters.flatMap((name) => network.parameters.get(name) ?? []);
  const numbers = parameters.filter(({ dtype }) => dtype === 'float32');
  const { name, kind, shape, cut } = layer;
  return {
    name,
    kind,
    shape,
    parameters: countOf(numbers),
    trainable: countOf(numbers.filter(({ trainable }) => trainable)),
    cut,
    role: roleOf(name, network, card),
  };
}

function roleOf(name: string, network: Network, { features }: Card): ShownLayer['role'] {
  if (features?.layer === name) return 'features';
  if (features?.alternatives?.some(({ layer }) => layer === name)) return 'alternative';
  return network.outputs.some((output) => output.name === name) ? 'output' : undefined;
}

function countOf(parameters: readonly { readonly shape: readonly number[] }[]): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** Whole numbers and texts that a graph brings along are no parameters. */
function parameterTotals(network: Network): { total: number; trainable: number } {
  const numbers = [...network.parameters.values()].filter(({ dtype }) => dtype === 'float32');
  return { total: countOf(numbers), trainable: countOf(numbers.filter(({ trainable }) => trainable)) };
}

interface View {
  readonly id: string;
  readonly network: Network;
  readonly layers: readonly ShownLayer[];
  readonly totals: { readonly total: number; readonly trainable: number };
  readonly all: boolean;
}

function print({ id, network, layers, totals, all }: View, terminal: Terminal): void {
  const { bold, dim } = terminal.colours;
  const { total, trainable } = totals;
  terminal.print(`${bold(id)}  ${dim(network.format)}`);
  for (const { name, shape, dtype } of network.inputs)
    terminal.print(`${dim('input ')} ${fitted(name, terminal.width - 40)} ${dtype} ${shapeText(shape)}`);
  terminal.print('');
  const rows = foldLayers(layers, all);
  const columns = [
    { title: '' },
    { title: 'LAYER', minimum: MIN_NAME },
    { title: 'KIND', flexible: true, minimum: 6 },
    { title: 'OUTPUT', minimum: SHAPE_WIDTH },
    { title: 'PARAMETERS', align: 'right' as const, minimum: 10 },
  ];
  const widest = (cells: readonly string[], limit: number) =>
    Math.min(limit, Math.max(0, ...cells.map((cell) => cell.length)));
  const taken =
    OTHER_WIDTH +
    widest(
      layers.map(({ kind }) => kind),
      KIND_WIDTH,
    ) +
    widest(
      layers.map(({ shape }) => shapeText(shape)),
      SHAPE_WIDTH,
    );
  const nameWidth = Math.max(MIN_NAME, terminal.width - taken);
  terminal.print(
    renderTable(
      columns,
      rows.map((row) => cells(row, nameWidth)),
      terminal,
    ),
  );
  terminal.print('');
  const what = network.format === 'tfjs-graph' ? 'nodes' : 'layers';
  terminal.print(
    `${layers.length} ${what}, ${total.toLocaleString('en')} parameters, ${trainable.toLocaleString('en')} of them trainable`,
  );
  terminal.print(dim(legend(layers, rows)));
}

function cells(row: ShownLayer | Fold, nameWidth: number): string[] {
  if ('folded' in row) return ['', `… ${row.folded} more`, '', '', numberText(row.parameters)];
  const mark = row.role === 'features' ? '»' : row.cut ? '·' : '';
  return [mark, fitted(row.name, nameWidth), row.kind, shapeText(row.shape), numberText(row.parameters)];
}

function legend(layers: readonly ShownLayer[], rows: readonly (ShownLayer | Fold)[]): string {
  const lines = ['· can be cut here'];
  if (layers.some(({ role }) => role === 'features')) lines.unshift('» the cut for features');
  if (rows.length < layers.length) lines.push('--all shows every layer');
  return lines.join('   ');
}

/** The end of a long name tells more than its scopes in front. */
function fitted(name: string, width: number): string {
  return name.length <= width ? name : `…${name.slice(name.length - Math.max(1, width - 1))}`;
}

function numberText(count: number): string {
  return count === 0 ? '' : count.toLocaleString('en');
}

/** `? × 7 × 7 × 2048` without the blanks; empty where only running the network tells. */
function shapeText(shape: Shape | undefined): string {
  if (shape === undefined) return '';
  return shape.length === 0 ? 'scalar' : shape.map((size) => size ?? '?').join('×');
}
