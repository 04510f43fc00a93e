"""Small BMP files of every kind, and what Pillow reads in them.

python scripts/golden/bmp.py > tests/golden/bmp.json
"""

import base64
import hashlib
import io
import json
import struct

import numpy as np
import PIL
from PIL import Image

WIDTH, HEIGHT = 13, 7
PALETTE = [((i * 53) % 256, (i * 101 + 7) % 256, (i * 29 + 90) % 256) for i in range(256)]


def noise(count, most):
    state, out = 1, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        out.append((state >> 16) % most)
    return out


def bmp(bits, rows, compression=0, masks=(), colours=0, top_down=False, header=40):
    """A file with an INFO header (or a longer one) from packed rows, given in the order of the file."""
    body = b"".join(rows)
    height = -HEIGHT if top_down else HEIGHT
    info = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression, len(body), 2835, 2835, colours, 0)
    info += b"".join(struct.pack("<I", mask) for mask in masks)
    info += bytes(max(0, header - len(info)))
    palette = b"" if bits > 8 else b"".join(bytes([b, g, r, 0]) for r, g, b in PALETTE[: colours or 1 << bits])
    offset = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + info + palette + body


def os2(bits, rows):
    body = b"".join(rows)
    palette = b"" if bits > 8 else b"".join(bytes([b, g, r]) for r, g, b in PALETTE[: 1 << bits])
    offset = 14 + 12 + len(palette)
    info = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits)
    return b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + info + palette + body


def padded(row):
    return row + bytes(-len(row) % 4)


def packed(bits, most=None):
    values = noise(WIDTH * HEIGHT, most or 1 << bits)
    for row in range(HEIGHT):
        line = values[row * WIDTH : (row + 1) * WIDTH]
        text = "".join(format(value, f"0{bits}b") for value in line)
        text += "0" * (-len(text) % 8)
        yield padded(int(text, 2).to_bytes(len(text) // 8, "big"))


def wide(size, most):
    values = noise(WIDTH * HEIGHT, most)
    for row in range(HEIGHT):
        yield padded(b"".join(v.to_bytes(size, "little") for v in values[row * WIDTH : (row + 1) * WIDTH]))


def run_lengths(four):
    """Runs, literals of odd and even length, jumps, ends of lines, and the end of the picture."""
    out = bytearray()
    for row in range(HEIGHT):
        if row == 2:
            out += bytes([0, 2, 4, 0])
            out += bytes([5, 0x21 if four else 200])
        elif row == 3:
            out += bytes([0, 5]) + (bytes([0x12, 0x34, 0x50, 0]) if four else bytes([9, 8, 7, 6, 5, 0]))
            out += bytes([8, 0x77 if four else 17])
        elif row == 4:
            out += bytes([0, 4]) + (bytes([0xAB, 0xCD]) if four else bytes([101, 102, 103, 104]))
        else:
            out += bytes([6, 0x3C if four else 30 + row, 7, 0x99 if four else 99])
        out += bytes([0, 0])
    return [bytes(out + bytes([0, 1]))]


def pillow_file(mode):
    rgb = np.array(noise(WIDTH * HEIGHT * 3, 256), np.uint8).reshape(HEIGHT, WIDTH, 3)
    picture = Image.fromarray(rgb)
    picture = picture.quantize(16) if mode == "P" else picture.convert(mode)
    file = io.BytesIO()
    picture.save(file, "BMP")
    return file.getvalue()


FILES = {
    "1 bit": bmp(1, packed(1)),
    "4 bits, odd width": bmp(4, packed(4)),
    "8 bits": bmp(8, packed(8)),
    "8 bits, short palette": bmp(8, packed(8, 20), colours=20),
    "8 bits, from the top": bmp(8, packed(8), top_down=True),
    "16 bits": bmp(16, wide(2, 1 << 15)),
    "16 bits, 5-6-5": bmp(16, wide(2, 1 << 16), 3, (0xF800, 0x7E0, 0x1F)),
    "24 bits": bmp(24, wide(3, 1 << 16)),
    "24 bits, from the top": bmp(24, wide(3, 1 << 16), top_down=True),
    "32 bits": bmp(32, wide(4, 1 << 16)),
    "32 bits, masks": bmp(32, wide(4, 1 << 16), 3, (0xFF000000, 0xFF0000, 0xFF00)),
    "24 bits, version 5": bmp(24, wide(3, 1 << 16), header=124),
    "8 bits, OS/2": os2(8, packed(8)),
    "24 bits, OS/2": os2(24, wide(3, 1 << 16)),
    "8 bits, run lengths": bmp(8, run_lengths(False), 1),
    "4 bits, run lengths": bmp(4, run_lengths(True), 2),
    "Pillow's 1 bit": pillow_file("1"),
    "Pillow's grey": pillow_file("L"),
    "Pillow's palette": pillow_file("P"),
    "Pillow's colour": pillow_file("RGB"),
}

cases = []
for name, content in FILES.items():
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    cases.append(
        {
            "name": name,
            "file": base64.b64encode(content).decode(),
            "size": list(picture.size),
            "sha256": hashlib.sha256(picture.tobytes()).hexdigest(),
            "first": list(picture.tobytes()[:6]),
        }
    )
print(json.dumps({"source": "scripts/golden/bmp.py", "program": f"Pillow {PIL.__version__}", "files": cases}, indent=1))
