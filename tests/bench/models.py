# SPDX-License-Identifier: MIT
"""Models of a real one's shape with random weights, and adapters for them.

What an engine needs of time and memory depends on shapes and types, not on values; the
weights here are finite and about as large as trained ones, so that sums stay in range.
"""
import os
import random
import struct

# ggml's number of a type, weights in a block, bytes of a block.
TYPES = {"f32": (0, 1, 4), "f16": (1, 1, 2), "q4_0": (2, 32, 18), "q8_0": (8, 32, 34),
         "q4_k": (12, 256, 144)}
U32, F32, STRING, ARRAY, I32 = 4, 6, 8, 9, 5
ALIGNMENT = 32
PATTERN_BLOCKS = 1 << 14

# 2.9 billion weights: 28 layers of 3072, 24 heads over 8 of keys and values.
LARGE = {"layers": 28, "dim": 3072, "ffn": 8192, "heads": 24, "kv_heads": 8, "vocab": 32000,
         "context": 8192, "rank": 16}
# Everything that the large one has, in a megabyte.
SMALL = {"layers": 2, "dim": 256, "ffn": 512, "heads": 4, "kv_heads": 2, "vocab": 512,
         "context": 1024, "rank": 4}


def half(x):
    return struct.pack("<e", x)


def pattern(kind, size, rng):
    """Blocks of random weights with standard deviation @size."""
    # The deviation of numbers spread evenly over all values of four and of eight bits.
    four, eight = size / 4.61, size / 73.9
    if kind == "q4_0":
        return b"".join(half(four) + rng.randbytes(16) for _ in range(PATTERN_BLOCKS))
    if kind == "q8_0":
        return b"".join(half(eight) + rng.randbytes(32) for _ in range(PATTERN_BLOCKS))
    if kind == "q4_k":
        # Every scale and minimum of the eight parts is 1: d · q − 7.5 d.
        head = half(four) + half(7.5 * four) + bytes([1] * 8 + [0x11] * 4)
        return b"".join(head + rng.randbytes(128) for _ in range(PATTERN_BLOCKS // 8))
    numbers = (rng.gauss(0, size) for _ in range(PATTERN_BLOCKS))
    return b"".join(map(half, numbers)) if kind == "f16" else struct.pack(
        f"<{PATTERN_BLOCKS}f", *numbers)


def write_weights(f, kind, count, size, rng):
    """@count weights: the pattern over and over, from a random block on."""
    _, per_block, block = TYPES[kind]
    left = count // per_block * block
    repeated = pattern(kind, size, rng)
    at = rng.randrange(len(repeated) // block) * block
    while left:
        part = repeated[at:at + left]
        f.write(part)
        left -= len(part)
        at = 0


def text(s):
    data = s.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def entry(key, kind, value):
    if kind == ARRAY:
        element, items = value
        body = struct.pack("<IQ", element, len(items))
        body += b"".join(map(text, items)) if element == STRING else struct.pack(
            f"<{len(items)}{'i' if element == I32 else 'f'}", *items)
    else:
        body = text(value) if kind == STRING else struct.pack("<I" if kind == U32 else "<f", value)
    return text(key) + struct.pack("<I", kind) + body


def write_file(path, entries, tensors, seed):
    """@tensors: name, type, dimensions, and their deviation; None for ones."""
    rng = random.Random(seed)
    infos, offset = b"", 0
    for name, kind, shape, _ in tensors:
        number, per_block, block = TYPES[kind]
        count = 1
        for n in shape:
            count *= n
        infos += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, number, offset)
        offset += -(-count // per_block * block // ALIGNMENT) * ALIGNMENT
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(entries)) + b"".join(entries) + infos
    # Under another name until it is whole: what is there is taken as it is.
    with open(path + ".part", "wb") as f:
        f.write(head + bytes(-len(head) % ALIGNMENT))
        for _, kind, shape, size in tensors:
            count = shape[0] * (shape[1] if len(shape) > 1 else 1)
            if size is None:
                f.write(struct.pack("<f", 1.0) * count)
            else:
                write_weights(f, kind, count, size, rng)
            f.write(bytes(-f.tell() % ALIGNMENT))
    os.replace(path + ".part", path)


def matrices(shape):
    """Name, columns and rows of a layer's matrices."""
    dim, ffn = shape["dim"], shape["ffn"]
    kv = dim // shape["heads"] * shape["kv_heads"]
    return (("attn_q", dim, dim), ("attn_k", dim, kv), ("attn_v", dim, kv),
            ("attn_output", dim, dim), ("ffn_gate", dim, ffn), ("ffn_up", dim, ffn),
            ("ffn_down", ffn, dim))


def vocabulary(n):
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    kinds = [2, 3, 3] + [6] * 256
    words = [f"\u2581{i}" for i in range(n - len(tokens))]
    return tokens + words, kinds + [1] * len(words)


def write_base(path, kind, shape):
    tokens, kinds = vocabulary(shape["vocab"])
    dim = shape["dim"]
    entries = [
        entry("general.architecture", STRING, "llama"),
        entry("general.name", STRING, "random"),
        entry("llama.context_length", U32, shape["context"]),
        entry("llama.embedding_length", U32, dim),
        entry("llama.block_count", U32, shape["layers"]),
        entry("llama.feed_forward_length", U32, shape["ffn"]),
        entry("llama.attention.head_count", U32, shape["heads"]),
        entry("llama.attention.head_count_kv", U32, shape["kv_heads"]),
        entry("llama.rope.dimension_count", U32, dim // shape["heads"]),
        entry("llama.rope.freq_base", F32, 500000.0),
        entry("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        entry("llama.vocab_size", U32, shape["vocab"]),
        entry("tokenizer.ggml.model", STRING, "llama"),
        entry("tokenizer.ggml.tokens", ARRAY, (STRING, tokens)),
        entry("tokenizer.ggml.scores", ARRAY, (F32, [-float(i) for i in range(len(tokens))])),
        entry("tokenizer.ggml.token_type", ARRAY, (I32, kinds)),
        entry("tokenizer.ggml.bos_token_id", U32, 1),
        entry("tokenizer.ggml.eos_token_id", U32, 2),
        entry("tokenizer.ggml.unknown_token_id", U32, 0),
    ]
    # The embedding is the output matrix too: eight bits, as converters keep it.
    tensors = [("token_embd.weight", "q8_0", (dim, shape["vocab"]), 0.02),
               ("output_norm.weight", "f32", (dim,), None)]
    for i in range(shape["layers"]):
        tensors += [(f"blk.{i}.attn_norm.weight", "f32", (dim,), None),
                    (f"blk.{i}.ffn_norm.weight", "f32", (dim,), None)]
        tensors += [(f"blk.{i}.{name}.weight", kind, (columns, rows), columns ** -0.5)
                    for name, columns, rows in matrices(shape)]
    write_file(path, entries, tensors, kind)


def write_adapter(path, shape, seed):
    """A LoRA on every matrix of every layer, in half precision."""
    rank = shape["rank"]
    entries = [entry("general.architecture", STRING, "llama"),
               entry("general.type", STRING, "adapter"), entry("adapter.type", STRING, "lora"),
               entry("adapter.lora.alpha", F32, 2.0 * rank)]
    tensors = []
    for i in range(shape["layers"]):
        for name, columns, rows in matrices(shape):
            tensors += [(f"blk.{i}.{name}.weight.lora_a", "f16", (columns, rank), columns ** -0.5),
                        (f"blk.{i}.{name}.weight.lora_b", "f16", (rank, rows), 0.02)]
    write_file(path, entries, tensors, seed)


class Models:
    """The files of a folder; one that is missing is made."""

    def __init__(self, folder, shape, tell=lambda line: None):
        self.folder, self.shape, self.tell = folder, shape, tell
        os.makedirs(folder, exist_ok=True)

    def file(self, name, write):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            self.tell(f"writing {path}")
            write(path)
        return path

    def base(self, kind):
        return self.file(f"{kind}.gguf", lambda path: write_base(path, kind, self.shape))

    def adapters(self, n):
        return [self.file(f"adapter-{i}.gguf",
                          lambda path, i=i: write_adapter(path, self.shape, i))
                for i in range(1, n + 1)]
