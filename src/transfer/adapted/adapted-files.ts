/** The files of an adapted model's folder. */
export const CARD_FILE = 'card.json';
export const DETAILS_FILE = 'adapted.json';
export const HEAD_FILE = 'head.safetensors';
export const CHANGED_FILE = 'changed.safetensors';

/** Everything that may lie there. */
export const ADAPTED_FILES: readonly string[] = [CARD_FILE, DETAILS_FILE, HEAD_FILE, CHANGED_FILE];
