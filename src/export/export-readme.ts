/** The README of an export: how to load it, what to give it, what it says, whose it is. */
import type { Card } from '../registry/card.js';
import type { CardInput } from '../registry/card-input.js';
import type { Exportable, ExportFormat } from './exportable.js';

/** Labels that are written out; the card has all. */
const MOST_LABELS = 100;

/** @param card of the export. */
export function exportReadme(card: Card, format: ExportFormat, { tail }: Exportable): string {
  const { input, output, license, base } = card;
  const labels = output?.labels ?? [];
  const some = labels.slice(0, MOST_LABELS);
  const rest = labels.length - some.length;
  const parts = [
    `# ${card.name}`,
    card.summary,
    '## Loading',
    ...LOADING[format],
    '## Input',
    ...(input === undefined ? ['The card does not say how its inputs are made.'] : inputLines(input)),
    '## Output',
    answerLine(card),
    ...(labels.length === 0
      ? []
      : [
          `Labels, in the order of the outputs: ${some.join(', ')}${rest > 0 ? `, and ${rest} more in card.json` : ''}.`,
        ]),
    ...(tail !== undefined && input?.modality === 'audio' ? [WINDOWS] : []),
    '## Licence',
    `Weights: ${license.weights}, stated in ${license.statedIn}.`,
    ...(license.caveats ?? []),
    ...(base === undefined ? [] : [`Made from ${base.reference} (card ${base.digest}).`]),
  ];
  return `${parts.join('\n\n')}\n`;
}

const WINDOWS =
  'Each row is one window of a recording. For a recording of several windows `zoo predict` averages the features of the ' +
  'windows in front of the head; averaging the answers of the rows is near to that.';

function code(language: string, ...lines: string[]): string {
  const fence = '`'.repeat(3);
  return [`${fence}${language}`, ...lines, fence].join('\n');
}

const LOADING: Readonly<Record<ExportFormat, readonly string[]>> = {
  'tfjs-graph': [
    code(
      'js',
      "import * as tf from '@tensorflow/tfjs';",
      "const model = await tf.loadGraphModel('model.json'); // its address",
      'const answer = model.predict(input);',
    ),
  ],
  'tfjs-layers': [
    code(
      'js',
      "import * as tf from '@tensorflow/tfjs';",
      "const model = await tf.loadLayersModel('model.json'); // its address",
      'const answer = model.predict(input);',
    ),
  ],
  'saved-model': [
    code(
      'python',
      'import tensorflow as tf',
      "model = tf.saved_model.load('.')",
      "answer = model.signatures['serving_default'](**{name: tensor})",
    ),
    'The signature `serving_default` has the names of inputs and outputs. It is also what TensorFlow Serving looks for.',
  ],
  safetensors: [
    code('python', 'from safetensors.numpy import load_file', "weights = load_file('model.safetensors')"),
    'These are the weights alone, by their names in the network: whoever loads them has to have the layers. Networks that ' +
      'came from PyTorch or safetensors have the layout of that file. In others kernels of convolutions are [height, width, ' +
      'in, out] and those of dense layers [in, out]. The tensors of a new head begin with `zoo_head/`; the metadata of the ' +
      'file say how its features are pooled.',
  ],
};

function answerLine({ output }: Card): string {
  const activation = output?.activation ?? '';
  const units = output?.units === undefined ? '' : ` of ${output.units} numbers`;
  if (/^softmax$/i.test(activation)) return `A row${units} for each example: probabilities, which sum to 1.`;
  if (/^sigmoid$/i.test(activation)) return `A row${units} for each example: one probability for each label.`;
  return `A row${units} for each example${activation === '' ? '' : ` (activation: ${activation})`}.`;
}

function inputLines(input: CardInput): string[] {
  const shape = input.shape === undefined ? '' : ` [${input.shape.map((size) => size ?? 'any').join(', ')}]`;
  const first = `${input.dtype ?? 'Tensors'}${shape}, the examples first.`;
  const notes = input.notes === undefined ? [] : [input.notes];
  switch (input.modality) {
    case 'image': {
      const { range, mean, std, colourOrder, resize, crop } = input;
      const steps = [
        ...(resize?.shorterSide === undefined
          ? []
          : [`scale so that the shorter side has ${resize.shorterSide} pixels`]),
        ...(resize?.to === undefined ? [] : [`scale to ${resize.to.join(' x ')} pixels (height x width)`]),
        ...(crop === undefined ? [] : [`cut ${crop.centre.join(' x ')} pixels out of the middle`]),
        `channels are ${colourOrder}`,
        `map 0…255 to ${range[0]}…${range[1]}`,
        ...(mean === undefined ? [] : [`subtract ${mean.join(', ')}`]),
        ...(std === undefined ? [] : [`divide by ${std.join(', ')}`]),
      ];
      const method = resize?.method === undefined ? '' : ` Resizing is ${resize.method}.`;
      return [`${first} Pictures: ${steps.join('; ')}.${method}`, ...notes];
    }
    case 'audio': {
      const window = input.window === undefined ? '' : `, windows of ${input.window.samples} samples`;
      const front =
        input.spectrogram === undefined ? [] : [`Front end: ${JSON.stringify(input.spectrogram)}.`];
      return [`${first} Sound: mono, ${input.sampleRate} Hz${window}.`, ...front, ...notes];
    }
    case 'text': {
      const { tokenizer, maxLength, tensors = [] } = input;
      const words =
        tokenizer === undefined
          ? ''
          : ` Text: ${tokenizer.kind} tokens${tokenizer.file === undefined ? '' : ` (${tokenizer.file})`}`;
      const most = maxLength === undefined ? '' : `, at most ${maxLength}`;
      return [
        `${first}${words}${most}${words === '' ? '' : '.'}`,
        ...tensors.map(
          ({ name, dtype, meaning }) =>
            `- \`${name}\` ${dtype}${meaning === undefined ? '' : `: ${meaning}`}`,
        ),
        ...notes,
      ];
    }
  }
}
