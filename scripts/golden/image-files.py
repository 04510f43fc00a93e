"""Small pictures in every format that Pillow writes, and what Pillow and TensorFlow read in them.

python scripts/golden/image-files.py > tests/golden/image-files.json

Pixels are those of `RawImage`: upright, alpha laid on white, 16 bits without the lower 8, the first frame or page.
`within` is how far a level may be off: 0 but for alpha, whose products are rounded, and for codecs that turn YUV into
RGB in arithmetic of their own. TensorFlow drops alpha, and reads only some of the formats.
"""

import base64
import io
import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import PIL
import tensorflow as tf
from PIL import Image, ImageOps, TiffImagePlugin

WIDTH, HEIGHT = 21, 13


def noise(*shape):
    """The upper 8 bits of the generator of the catalogue's golden inputs."""
    state, out = 1, []
    for _ in range(int(np.prod(shape))):
        state = (1664525 * state + 1013904223) % 2**32
        out.append(state >> 24)
    return np.array(out, np.uint8).reshape(shape)


def smooth():
    """Slopes in three directions, which lossy codecs keep."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([x * 12, y * 19, 255 - x * 6 - y * 9], axis=2).clip(0, 255).astype(np.uint8)


NOISE = Image.fromarray(noise(HEIGHT, WIDTH, 3))
SMOOTH = Image.fromarray(smooth())
GREY = Image.fromarray(noise(HEIGHT, WIDTH))
ALPHA = Image.fromarray(noise(HEIGHT, WIDTH, 4), "RGBA")
GREY_ALPHA = Image.fromarray(noise(HEIGHT, WIDTH, 2), "LA")
DEEP = (noise(HEIGHT, WIDTH).astype(np.uint16) << 8) | noise(HEIGHT, WIDTH).T.reshape(HEIGHT, WIDTH)
DEEP_GREY = Image.fromarray(DEEP)
BLACK_AND_WHITE = GREY.point(lambda level: 255 if level > 127 else 0).convert("1")
PALETTE = NOISE.quantize(16)


def written(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def read(content):
    picture = Image.open(io.BytesIO(content))
    picture.seek(0)
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16"):
        return np.repeat((np.array(picture).astype(np.uint16) >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = np.array(picture.convert("RGBA")).astype(np.float64)
        alpha = rgba[:, :, 3:] / 255
        return np.rint(rgba[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return np.array(picture.convert("RGB"))


def tensorflow(content):
    return tf.io.decode_image(content, channels=3, expand_animations=False).numpy()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def tiff(picture, tags=(), **options):
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags:
        directory[tag] = value
    return written(picture, "TIFF", tiffinfo=directory, **options)


def big_endian_deep():
    return Image.frombytes("I;16B", (WIDTH, HEIGHT), DEEP.astype(">u2").tobytes())


def files():
    """Name, bytes, how far a level may be off, and whether TensorFlow reads it."""
    yield "JPEG", written(NOISE, "JPEG", quality=90, subsampling=0), 0, True
    yield "JPEG with half the colours", written(NOISE, "JPEG", quality=75, subsampling=2), 0, True
    yield "JPEG with a quarter less", written(NOISE, "JPEG", quality=75, subsampling=1), 0, True
    yield "progressive JPEG", written(NOISE, "JPEG", quality=80, progressive=True), 0, True
    yield "grey JPEG", written(GREY, "JPEG", quality=80), 0, True
    yield "PNG", written(NOISE, "PNG"), 0, True
    yield "grey PNG", written(GREY, "PNG"), 0, True
    yield "PNG of 1 bit", written(BLACK_AND_WHITE, "PNG"), 0, True
    yield "PNG with a palette", written(PALETTE, "PNG"), 0, True
    yield "PNG with a palette and a colour that is clear", written(PALETTE, "PNG", transparency=3), 0, False
    yield "PNG with alpha", written(ALPHA, "PNG"), 1, True
    yield "grey PNG with alpha", written(GREY_ALPHA, "PNG"), 1, True
    yield "grey PNG of 16 bits", written(DEEP_GREY, "PNG"), 0, True
    yield "lossless WebP", written(NOISE, "WEBP", lossless=True), 0, False
    yield "lossless WebP with alpha", written(ALPHA, "WEBP", lossless=True, exact=True), 1, False
    yield "lossy WebP", written(SMOOTH, "WEBP", quality=80), 0, False
    yield "GIF", written(PALETTE, "GIF", interlace=False), 0, True
    yield "interlaced GIF", written(PALETTE, "GIF", interlace=True), 0, True
    yield "GIF with a colour that is clear", written(PALETTE, "GIF", transparency=3), 0, False
    yield "moving GIF", written(PALETTE, "GIF", save_all=True, append_images=[GREY.quantize(8)]), 0, True
    for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield f"TIFF, {compression or 'plain'}", tiff(NOISE, compression=compression), 0, False
    yield "grey TIFF", tiff(GREY, compression="tiff_lzw"), 0, False
    yield "TIFF of 1 bit, as a fax", tiff(BLACK_AND_WHITE, compression="group4"), 0, False
    yield "TIFF with a palette", tiff(PALETTE), 0, False
    yield "TIFF with alpha", tiff(ALPHA, compression="tiff_lzw"), 1, False
    yield "grey TIFF of 16 bits", tiff(DEEP_GREY), 0, False
    yield "grey TIFF of 16 bits, big end first", tiff(big_endian_deep()), 0, False
    yield "TIFF of two pages", tiff(NOISE, save_all=True, append_images=[SMOOTH]), 0, False
    yield "AVIF", written(SMOOTH, "AVIF", quality=95, subsampling="4:4:4"), 3, False
    yield "AVIF with alpha", written(SMOOTH_ALPHA, "AVIF", quality=95, subsampling="4:4:4"), 4, False
    for orientation in range(1, 9):
        yield f"JPEG turned by {orientation}", written(SMOOTH, "JPEG", quality=95, exif=turned(orientation)), 0, False
        yield f"PNG turned by {orientation}", written(NOISE, "PNG", exif=turned(orientation)), 0, False
        yield f"WebP turned by {orientation}", written(NOISE, "WEBP", lossless=True, exif=turned(orientation)), 0, False
        yield f"TIFF turned by {orientation}", tiff(NOISE, [(0x0112, orientation)]), 0, False


SMOOTH_ALPHA = SMOOTH.copy()
SMOOTH_ALPHA.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))))


def base64_of(data):
    return base64.b64encode(data).decode()


def entry(name, content, within, by_tensorflow):
    pixels = read(content)
    return {
        "name": name,
        "file": base64_of(content),
        "size": [pixels.shape[1], pixels.shape[0]],
        "within": within,
        "pixels": base64_of(pixels.tobytes()),
        "tensorflow": base64_of(tensorflow(content).tobytes()) if by_tensorflow else None,
    }


print(
    json.dumps(
        {
            "source": "scripts/golden/image-files.py",
            "programs": {"Pillow": PIL.__version__, "tensorflow": tf.__version__},
            "files": [entry(*file) for file in files()],
        },
        indent=1,
    )
)
