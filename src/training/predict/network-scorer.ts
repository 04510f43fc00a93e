/** A network with its own classes, asked as an adapted model is. */
import type { Classifier } from '../../transfer/classifier.js';
import type { Prepared, Preparer } from '../../transfer/prepare/preparer.js';
import type { Scorer } from './predict.js';

export class NetworkScorer implements Scorer {
  readonly classifier: Classifier;

  /** Owns the classifier from now on. */
  constructor(classifier: Classifier) {
    this.classifier = classifier;
  }

  get preparer(): Preparer {
    return this.classifier.preparer;
  }

  get labels(): readonly string[] {
    return this.classifier.labels;
  }

  scores(prepared: readonly Prepared[], of: number): Promise<Float32Array> {
    return this.classifier.classify(prepared, { of });
  }

  dispose(): void {
    this.classifier.dispose();
  }
}
