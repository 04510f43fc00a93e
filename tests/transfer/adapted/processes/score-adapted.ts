/** Reads an adapted model in a process of its own: prints its card's name and the scores of the sample's features. */
import { readAdapted } from '../../../../src/transfer/adapted/read-adapted.js';
import { sampleFeatures } from '../sample-adapted.js';

const [folder = ''] = process.argv.slice(2);
const { card, details, head } = await readAdapted(folder);
const scores = head.scores(sampleFeatures(head.width), 3);
process.stdout.write(`${JSON.stringify({ name: card.name, seed: details.seed, scores: [...scores] })}\n`);
