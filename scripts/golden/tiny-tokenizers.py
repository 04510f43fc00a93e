"""Small tokenizers of each kind, trained here, and the ids that the reference implementation gives.

Writes tests/golden/tiny-tokenizers.json: each tokenizer.json as it is, and ids of texts without truncation.
"""

import json
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TARGET = Path(__file__).parents[2] / "tests" / "golden" / "tiny-tokenizers.json"

CORPUS = [
    "The quick brown fox jumps over the lazy dog; the dog sleeps on.",
    "Where is my card? It should have arrived last Tuesday, shouldn't it?",
    "I have been charged twice for the same payment of 12.50 in 2026.",
    "Größe, naïve, résumé: words with accents are words too.",
    "Please transfer the money to the account of my brother today.",
] * 4

TEXTS = [
    "",
    " ",
    "the dog",
    "The   quick  brown fox!",
    "  leading and trailing  ",
    "Größe und Straße, naïve résumé",
    "I shouldn't have been charged 1234.5 twice?!",
    "unseen ŒŒ 漢字 😀 zzz",
    "tabs\tand\nnew\r\nlines",
    "ΣΊΣΥΦΟΣ",
]


def bpe():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=360, special_tokens=["<s>", "<pad>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return tokenizer


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=150, special_tokens=["<unk>", "<pad>", "</s>"], unk_token="<unk>")
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)])
    return tokenizer


def wordpiece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=160, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_truncation(5)
    tokenizer.enable_padding(length=5)
    return tokenizer


def case(name, tokenizer):
    definition = json.loads(tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return {"name": name, "tokenizer": definition, "texts": [{"text": text, "ids": tokenizer.encode(text).ids} for text in TEXTS]}


document = {
    "computed_with": {"tokenizers": tokenizers.__version__},
    "how": "trained on five sentences; ids with the special tokens of the post-processor, without truncation and padding",
    "cases": [case("BPE of bytes", bpe()), case("Unigram", unigram()), case("WordPiece with capitals", wordpiece())],
}
TARGET.write_text(json.dumps(document) + "\n")
