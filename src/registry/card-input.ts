/** The card's `input`: what a network takes in and how to prepare it, by modality. */
import * as z from 'zod';

const shape = z.array(z.int().nullable()).describe('null is any size; the first is the batch');
const perChannel = z.array(z.number()).min(1).max(4);
const tensor = z.strictObject({
  name: z.string(),
  shape: shape.optional(),
  dtype: z.string(),
  meaning: z.string().optional(),
});

const imageInput = z.strictObject({
  modality: z.literal('image'),
  name: z.string().optional().describe('input layer or node'),
  shape,
  dtype: z.string(),
  layout: z.enum(['NHWC', 'NCHW']),
  colourOrder: z.enum(['RGB', 'BGR', 'grey']),
  range: z
    .tuple([z.number(), z.number()])
    .describe('pixel values 0…255 are mapped to this before mean and std'),
  mean: perChannel.optional().describe('subtracted, in the order of the channels'),
  std: perChannel.optional().describe('divided by, after the mean'),
  resize: z
    .strictObject({
      shorterSide: z
        .int()
        .positive()
        .optional()
        .describe('scale so that the shorter side has this many pixels'),
      to: z.tuple([z.int().positive(), z.int().positive()]).optional().describe('height and width'),
      method: z.enum(['bilinear', 'bicubic', 'area', 'nearest']).optional(),
      antialias: z.boolean().optional(),
    })
    .optional(),
  crop: z.strictObject({ centre: z.tuple([z.int().positive(), z.int().positive()]) }).optional(),
  notes: z.string().optional(),
});

const audioInput = z.strictObject({
  modality: z.literal('audio'),
  name: z.string().optional(),
  shape,
  dtype: z.string(),
  sampleRate: z.int().positive().describe('Hz, mono'),
  window: z
    .strictObject({ samples: z.int().positive(), hop: z.int().positive().optional() })
    .optional()
    .describe('samples that one input spans, and the step to the next'),
  spectrogram: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('settings of the front end when the network takes spectrogram frames'),
  range: z.string().optional(),
  notes: z.string().optional(),
});

const textInput = z.strictObject({
  modality: z.literal('text'),
  name: z.string().optional(),
  shape: shape.optional(),
  dtype: z.string().optional(),
  tensors: z.array(tensor).optional(),
  tokenizer: z
    .strictObject({
      kind: z.enum(['wordpiece', 'sentencepiece', 'bpe', 'bytes', 'none']),
      file: z.string().optional().describe('path of the file in this card'),
      vocabulary: z.int().positive().optional(),
      lowerCase: z.boolean().optional(),
      detail: z.string().optional(),
    })
    .optional(),
  maxLength: z.int().positive().optional().describe('tokens, or bytes for a network that reads bytes'),
  notes: z.string().optional(),
});

export const inputSchema = z.discriminatedUnion('modality', [imageInput, audioInput, textInput]);
export type CardInput = z.infer<typeof inputSchema>;
