/** What an evaluation finds. The keys are stable: `zoo evaluate --json` prints them. */

export interface Averages {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** A class, or a label among several. */
export interface ClassReport extends Averages {
  readonly label: string;
  /** Examples that have it. */
  readonly support: number;
}

/** Where the true share lies with this confidence (Wilson 1927). */
export interface Interval {
  readonly level: number;
  readonly low: number;
  readonly high: number;
}

export interface CalibrationBin {
  /** Confidences above `low`, up to `high`. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Means over the bin; 0 where it is empty. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Calibration {
  /** Expected calibration error: 0 where 80 % confidence means right in 80 % of the cases. */
  readonly error: number;
  readonly bins: readonly CalibrationBin[];
}

export interface Mistake {
  readonly name: string;
  readonly label: string;
  readonly predicted: string;
  /** Probability of what was predicted. */
  readonly confidence: number;
}

export interface ClassificationReport {
  readonly task: 'classification';
  readonly examples: number;
  readonly labels: readonly string[];
  readonly accuracy: number;
  readonly standardError: number;
  readonly interval: Interval;
  /** Share of examples whose class is among the k most probable, for the k below the number of classes. */
  readonly topK: readonly { readonly k: number; readonly accuracy: number }[];
  /** Mean recall of the classes that occur. */
  readonly balancedAccuracy: number;
  /** Over classes that occur or were predicted, each counting the same. */
  readonly macro: Averages;
  /** Over all classes, by their support. */
  readonly weighted: Averages;
  readonly logLoss: number;
  /** Squared differences of probabilities and truth, summed over the classes (Brier 1950): 0 to 2. */
  readonly brier: number;
  readonly calibration: Calibration;
  /** In the order of the labels. */
  readonly classes: readonly ClassReport[];
  /** Rows are the true classes, columns the predicted ones, in the order of the labels. */
  readonly confusion: readonly (readonly number[])[];
  /** The most confident first. */
  readonly mistakes: readonly Mistake[];
}

export interface LabelMistake {
  readonly name: string;
  readonly label: string;
  /** Whether the example has the label. */
  readonly applies: boolean;
  readonly probability: number;
}

export interface MultiLabelReport {
  readonly task: 'multi-label';
  readonly examples: number;
  readonly labels: readonly string[];
  /** Probability from which a label is said to apply. */
  readonly threshold: number;
  /** Share of examples with exactly the right labels. */
  readonly exactMatch: number;
  /** Share of wrong decisions. */
  readonly hammingLoss: number;
  /** Mean of the average precision of the labels that occur; null where none does. */
  readonly meanAveragePrecision: number | null;
  readonly micro: Averages;
  readonly macro: Averages;
  /** Mean over examples and labels. */
  readonly logLoss: number;
  /** Mean squared difference of probability and truth over examples and labels. */
  readonly brier: number;
  readonly classes: readonly (ClassReport & { readonly averagePrecision: number | null })[];
  /** The most confident first. */
  readonly mistakes: readonly LabelMistake[];
}

export interface RegressionReport {
  readonly task: 'regression';
  readonly examples: number;
  /** Share of the variance that is explained; null for fewer than two examples or targets that don't vary. */
  readonly r2: number | null;
  readonly meanAbsoluteError: number;
  readonly rootMeanSquaredError: number;
  /** Mean of prediction minus truth. */
  readonly bias: number;
  /** The largest first. */
  readonly mistakes: readonly {
    readonly name: string;
    readonly target: number;
    readonly predicted: number;
  }[];
}

export type EvaluationReport = ClassificationReport | MultiLabelReport | RegressionReport;
