"""Writes libs/dicom/golden: one small Part 10 file for each transfer syntax and photometric interpretation that is decoded, of invented
pictures that golden.spec.ts draws again by the same formulas. The files were compressed by other people's encoders:

    pip install pydicom==3.0.1 numpy imagecodecs==2026.3.6
    python tools/generators/golden-pixels.py
"""

import json
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.sequence import Sequence
from pydicom.uid import UID

GOLDEN = Path(__file__).parents[2] / "libs/dicom/golden"
ROWS, COLUMNS = 27, 36
Y, X = np.mgrid[0:ROWS, 0:COLUMNS]

PICTURES = {
    "grey8": (3 * X + 5 * Y + (X * Y) % 4).astype(np.uint8),
    "grey12": (50 * X + 80 * Y + (X * Y) % 16).astype(np.uint16),
    "signed16": (60 * X - 90 * Y + (X * Y) % 8).astype(np.int16),
    "wide32": (100_000 * X + 7 * Y).astype(np.uint32),
    "float32": (X / 8 - Y / 4).astype(np.float32),
    "float64": (X / 3 - Y).astype(np.float64),
    "index": ((X + Y) % 16).astype(np.uint8),
    "bits": ((X + Y) % 3 == 0).astype(np.uint8),
    "rgb": np.stack([3 * X + 5 * Y, 235 - 3 * X - 5 * Y, 7 * X], axis=-1).astype(np.uint8),
}

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
J = "1.2.840.10008.1.2.4."
index = []


def shown(picture, frame):
    """Frame n is the first one, moved down by n rows."""
    return np.roll(PICTURES[picture], frame, axis=0)


def dataset(picture, syntax, frames=1, photometric=None, stored=None):
    pixels = PICTURES[picture]
    allocated = 1 if picture == "bits" else pixels.dtype.itemsize * 8
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = UID(f"1.2.826.0.1.3680043.8.498.{len(index) + 1}")
    ds.Modality = "OT"
    ds.SamplesPerPixel = 3 if picture == "rgb" else 1
    ds.PhotometricInterpretation = photometric or ("RGB" if picture == "rgb" else "MONOCHROME2")
    ds.Rows, ds.Columns, ds.BitsAllocated = ROWS, COLUMNS, allocated
    if pixels.dtype.kind != "f":
        ds.BitsStored = stored or (12 if picture == "grey12" else allocated)
        ds.HighBit = ds.BitsStored - 1
        ds.PixelRepresentation = 1 if picture == "signed16" else 0
    if picture == "rgb":
        ds.PlanarConfiguration = 0
    if frames > 1:
        ds.NumberOfFrames = frames
    return ds


def save(name, ds, picture, frames=1, off=0, colour=False):
    """`off`: most that a lossy value may be away from the picture. `colour`: compared after turning it into RGB."""
    little, implicit = ds.file_meta.TransferSyntaxUID != BIG, ds.file_meta.TransferSyntaxUID == IMPLICIT
    ds.save_as(GOLDEN / f"{name}.dcm", enforce_file_format=True, little_endian=little, implicit_vr=implicit)
    index.append({"file": f"{name}.dcm", "picture": picture, "frames": frames, "off": off, "colour": colour})


def native(name, picture, syntax=EXPLICIT, frames=1, planar=False, unused=0, **more):
    ds = dataset(picture, syntax, frames, **more)
    all_frames = np.stack([shown(picture, i) for i in range(frames)])
    if planar:
        ds.PlanarConfiguration = 1
        all_frames = np.moveaxis(all_frames, -1, 1)
    if unused:
        all_frames = all_frames | unused
    order = ">" if syntax == BIG else "<"
    raw = np.ascontiguousarray(all_frames.astype(all_frames.dtype.newbyteorder(order))).tobytes()
    if picture == "bits":
        raw = np.packbits(all_frames.reshape(-1), bitorder="little").tobytes()
    raw += b"\0" * (len(raw) % 2)
    kind = PICTURES[picture].dtype
    if kind == np.float32:
        ds.FloatPixelData = raw
    elif kind == np.float64:
        ds.DoubleFloatPixelData = raw
    else:
        ds.PixelData = raw
        ds["PixelData"].VR = "OW" if ds.BitsAllocated > 8 or syntax in (IMPLICIT, BIG) else "OB"
        if syntax == BIG and ds.BitsAllocated <= 8:
            ds.PixelData = np.frombuffer(raw, np.uint16).byteswap().tobytes()
    save(name, ds, picture, frames)


def encapsulated(name, picture, syntax, encode, frames=1, off=0, colour=False, table=True, fragments=1, **more):
    ds = dataset(picture, syntax, frames, **more)
    streams = [encode(np.ascontiguousarray(shown(picture, i)), ds) for i in range(frames)]
    if table == "extended":
        data, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(streams)
    else:
        data = encapsulate(streams, fragments_per_frame=fragments, has_bot=table)
    ds.PixelData = data
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    save(name, ds, picture, frames, off, colour)


def jpeg(**options):
    return lambda pixels, ds: imagecodecs.jpeg8_encode(pixels, **options)


def jpeg_ls(near=0):
    return lambda pixels, ds: imagecodecs.jpegls_encode(pixels, level=near)


def cells(pixels):
    return pixels.view(np.uint16) if pixels.dtype == np.int16 else pixels


def jpeg2000(**options):
    return lambda pixels, ds: imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", **options)


def high_throughput(**options):
    return lambda pixels, ds: imagecodecs.htj2k_encode(pixels, **options)


def rle(pixels, ds):
    return RLELosslessEncoder.encode(
        pixels.tobytes(),
        rows=ROWS,
        columns=COLUMNS,
        samples_per_pixel=ds.SamplesPerPixel,
        bits_allocated=ds.BitsAllocated,
        bits_stored=ds.BitsStored,
        pixel_representation=ds.PixelRepresentation,
        photometric_interpretation=ds.PhotometricInterpretation,
        number_of_frames=1,
        planar_configuration=0,
    )


def ybr(rgb):
    """PS3.3 C.7.6.3.1.2."""
    r, g, b = (rgb[..., i].astype(float) for i in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    return np.stack([y, (b - y) / 1.772 + 128, (r - y) / 1.402 + 128], axis=-1).round().clip(0, 255).astype(np.uint8)


def deflate(pixels, ds):
    raw = imagecodecs.deflate_encode(pixels.tobytes(), raw=True)
    return raw + b"\0" * (len(raw) % 2)


def palette(name, segmented=False):
    ds = dataset("index", EXPLICIT, photometric="PALETTE COLOR")
    entries = np.arange(16)
    for colour, values in (("Red", entries * 17), ("Green", 255 - entries * 17), ("Blue", entries * 8)):
        words = (values * 257).astype("<u2")
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [16, 0, 16])
        if segmented:
            # One value, then a line to the last one over fifteen entries (PS3.3 C.7.9.2).
            line = np.array([0, 1, words[0], 1, 15, words[-1]], "<u2")
            setattr(ds, f"Segmented{colour}PaletteColorLookupTableData", line.tobytes())
        else:
            setattr(ds, f"{colour}PaletteColorLookupTableData", words.tobytes())
    ds.PixelData = PICTURES["index"].tobytes()
    ds["PixelData"].VR = "OB"
    save(name, ds, "index")


def functional_groups(name):
    """Enhanced: shared slope 1, intercept -1000 and a window; the second frame has its own of both."""

    def group(slope, intercept, center):
        item, values, window = Dataset(), Dataset(), Dataset()
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = slope, intercept, "HU"
        window.WindowCenter, window.WindowWidth = center, 400
        item.PixelValueTransformationSequence, item.FrameVOILUTSequence = Sequence([values]), Sequence([window])
        return item

    ds = dataset("grey12", "1.2.840.10008.1.2.5", 3)
    measures = Dataset()
    measures.PixelSpacing = [0.5, 0.25]
    shared = group(1, -1000, 40)
    shared.PixelMeasuresSequence = Sequence([measures])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence([Dataset(), group(2, -500, 60), Dataset()])
    ds.PixelData = encapsulate([rle(np.ascontiguousarray(shown("grey12", i)), ds) for i in range(3)], has_bot=True)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    save(name, ds, "grey12", 3)


def main():
    GOLDEN.mkdir(exist_ok=True)
    native("implicit-grey12-unused-bits", "grey12", IMPLICIT, unused=0xA000)
    native("explicit-signed16", "signed16", frames=2)
    native("explicit-monochrome1", "grey8", photometric="MONOCHROME1")
    native("explicit-wide32", "wide32")
    native("explicit-bits", "bits", frames=3)
    native("explicit-rgb", "rgb")
    native("explicit-rgb-planar", "rgb", frames=2, planar=True)
    native("explicit-float32", "float32", frames=2)
    native("explicit-float64", "float64")
    native("big-endian-signed16", "signed16", BIG)
    native("big-endian-words-of-grey8", "grey8", BIG, frames=2)
    native("big-endian-bits", "bits", BIG, frames=3)
    native("deflated-signed16", "signed16", "1.2.840.10008.1.2.1.99")

    ds = dataset("rgb", EXPLICIT, photometric="YBR_FULL")
    ds.PixelData = ybr(PICTURES["rgb"]).tobytes()
    save("explicit-ybr-full", ds, "rgb", off=2, colour=True)
    ds = dataset("rgb", EXPLICIT, photometric="YBR_FULL_422")
    full = ybr(PICTURES["rgb"])
    ds.PixelData = np.stack([full[:, 0::2, 0], full[:, 1::2, 0], full[:, 0::2, 1], full[:, 0::2, 2]], axis=-1).tobytes()
    save("explicit-ybr-full-422", ds, "rgb", off=9, colour=True)
    palette("explicit-palette")
    palette("explicit-palette-segmented", segmented=True)

    encapsulated("encapsulated-grey8", "grey8", "1.2.840.10008.1.2.1.98", lambda pixels, ds: pixels.tobytes(), frames=2)
    encapsulated("deflated-frames-signed16", "signed16", "1.2.840.10008.1.2.1.98", deflate, frames=2)
    # pydicom 3.0 does not know Deflated Image Frame Compression yet.
    path = GOLDEN / "deflated-frames-signed16.dcm"
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1.98", b"1.2.840.10008.1.2.8.1\0"))
    encapsulated("rle-signed16", "signed16", "1.2.840.10008.1.2.5", rle, frames=2)
    encapsulated("rle-rgb", "rgb", "1.2.840.10008.1.2.5", rle)
    functional_groups("rle-functional-groups")

    grey = dict(level=95)
    encapsulated("jpeg-baseline-grey8", "grey8", J + "50", jpeg(**grey), off=6)
    encapsulated("jpeg-baseline-fragments", "grey8", J + "50", jpeg(**grey), off=6, frames=3, table=False, fragments=3)
    full_colour = dict(level=95, colorspace="rgb", outcolorspace="rgb")
    encapsulated("jpeg-baseline-rgb", "rgb", J + "50", jpeg(**full_colour), off=6)
    for name, sampling, off in (("444", "444", 8), ("422", "422", 14), ("420", "420", 24)):
        options = dict(level=95, colorspace="rgb", outcolorspace="ycbcr", subsampling=sampling)
        photometric = "YBR_FULL_422" if sampling == "422" else "YBR_FULL"
        encapsulated(
            f"jpeg-baseline-ybr-{name}", "rgb", J + "50", jpeg(**options), off=off, colour=True, photometric=photometric
        )
    encapsulated("jpeg-extended-grey12", "grey12", J + "51", jpeg(level=97, bitspersample=12), off=12)
    encapsulated("jpeg-lossless-grey12", "grey12", J + "57", jpeg(lossless=True, bitspersample=12, predictor=6))
    encapsulated("jpeg-lossless-first-order-signed16", "signed16", J + "70", lossless_cells, frames=2)
    encapsulated("jpeg-lossless-first-order-rgb", "rgb", J + "70", jpeg(lossless=True, predictor=1))
    encapsulated("jpeg-ls-signed16", "signed16", J + "80", lambda p, ds: imagecodecs.jpegls_encode(cells(p)), table="extended", frames=3)
    encapsulated("jpeg-ls-rgb", "rgb", J + "80", jpeg_ls())
    encapsulated("jpeg-ls-near-grey12", "grey12", J + "81", jpeg_ls(2), off=2)
    encapsulated("jpeg-2000-signed16", "signed16", J + "90", jpeg2000(reversible=True), frames=2)
    encapsulated("jpeg-2000-rct", "rgb", J + "90", jpeg2000(reversible=True, mct=True), photometric="YBR_RCT")
    encapsulated("jpeg-2000-ict", "rgb", J + "91", jpeg2000(level=45, reversible=False, mct=True), off=6, photometric="YBR_ICT")
    encapsulated("jpeg-2000-grey12", "grey12", J + "91", jpeg2000(level=95, reversible=False), off=8)
    encapsulated("htj2k-signed16", "signed16", J + "201", high_throughput(reversible=True), frames=2)
    encapsulated("htj2k-rpcl-rct", "rgb", J + "202", high_throughput(reversible=True, rgb=True), photometric="YBR_RCT")
    encapsulated("htj2k-grey12", "grey12", J + "203", high_throughput(reversible=False), off=16)
    (GOLDEN / "index.json").write_text(json.dumps(index, indent=2) + "\n")


def lossless_cells(pixels, ds):
    return imagecodecs.jpeg8_encode(cells(pixels), lossless=True, predictor=1, bitspersample=16)


main()
