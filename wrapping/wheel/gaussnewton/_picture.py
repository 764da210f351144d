# SPDX-License-Identifier: Apache-2.0
"""What a notebook shows of a result: a table and a picture (PNG) of three slices, with the standard library and
numpy."""
import base64
import html as _html
import struct
import zlib

import numpy as np

_CELL = 160 # pixels along the longest edge of a slice
_COLUMNS = ("fixed", "moving, warped", "difference before", "difference after")


def middle_planes(size, to_moving):
    """Of the middle planes across z, y, x: size of the grid, its index to moving index (12 numbers), shape."""
    planes = []
    for axis in (2, 1, 0):
        flat = list(size)
        flat[axis] = 1
        matrix = np.reshape(to_moving, (3, 4)).copy()
        matrix[:, 3] += matrix[:, axis] * (size[axis] // 2)
        shape = tuple(n for a, n in enumerate(size) if a != axis)[::-1]
        planes.append((flat, [float(v) for v in matrix.ravel()], shape))
    return planes


def _middle_slices(array):
    z, y, x = (n // 2 for n in array.shape)
    return [array[z], array[:, y], array[:, :, x]]


def _scaled(slices):
    """0 ... 1 from the 1st to the 99th percentile: the images may have different units."""
    low, high = np.percentile(np.concatenate([s.ravel() for s in slices]).astype(float), (1, 99))
    return [np.clip((s.astype(float) - low) / (high - low if high > low else 1.0), 0.0, 1.0) for s in slices]


def _upright(image):
    """For each slice the step (-1 turns it over) down and across: up is superior or anterior, right is left or
    posterior, where the grid axes are nearly the patient's, each in any direction."""
    sign = [1 if image.direction[a, a] >= 0 else -1 for a in range(3)]
    return [(sign[1], sign[0]), (-sign[2], sign[0]), (-sign[2], sign[1])]


def _cell(values, edges, steps, pixel):
    """A slice with square pixels, the nearest voxel each, in a square; edges: mm of a voxel down and across."""
    index = []
    for n, edge, step in zip(values.shape, edges, steps):
        count = max(1, min(_CELL, round(n * edge / pixel)))
        index.append((((np.arange(count) + 0.5) * n / count).astype(int))[::step])
    small = values[np.ix_(*index)]
    cell = np.zeros((_CELL, _CELL))
    down, across = ((_CELL - n) // 2 for n in small.shape)
    cell[down:down + small.shape[0], across:across + small.shape[1]] = small
    return cell


def png(grey):
    """An 8-bit grey picture [row, column] as the bytes of a PNG file."""
    height, width = grey.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8) # each row begins with its filter, 0: none
    rows[:, 1:] = grey

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + chunk(b"IEND", b""))


def picture(fixed, warped, before):
    """Three rows (slices across z, y, x) of four columns: fixed, warped, differences (grey: none) before and after."""
    ours, theirs = _scaled(_middle_slices(fixed.array)), _scaled(before + _middle_slices(warped))
    sx, sy, sz = fixed.spacing
    edges = [(sy, sx), (sz, sx), (sz, sy)]
    pixel = max(n * s for n, s in zip(fixed.size, fixed.spacing)) / _CELL
    rows = []
    for f, b, w, edge, steps in zip(ours, theirs[:3], theirs[3:], edges, _upright(fixed)):
        columns = [f, w, 0.5 + 0.5 * (b - f), 0.5 + 0.5 * (w - f)]
        rows.append(np.hstack([_cell(c, edge, steps, pixel) for c in columns]))
    return png(np.rint(255 * np.vstack(rows)).astype(np.uint8))


def html(report, fixed, warped, before):
    """The table and the picture as a piece of HTML."""
    result, time = report["result"], report["time"]
    determinant = result["determinant"]
    rows = [("mismatch", "%.4f (1 before registration)" % result["mismatch"]),
            ("det(I + grad u)", "%.4g ... %.4g, mean %.4g"
             % (determinant["minimum"], determinant["maximum"], determinant["mean"])),
            ("folded voxels", "%d" % result["foldedVoxels"]),
            ("max |u|", "%.4g mm" % result["maximumDisplacementMm"]),
            ("time", "%.2f s, %s" % (time["solverWallSeconds"], result["stopDescription"]))]
    rows += [("message", text) for text in report["messages"]]
    cells = "".join('<tr><th style="text-align:left">%s</th><td style="text-align:left">%s</td></tr>'
                    % (_html.escape(name), _html.escape(text)) for name, text in rows)
    heads = "".join('<span style="display:inline-block;width:%dpx;text-align:center">%s</span>'
                    % (_CELL, _html.escape(name)) for name in _COLUMNS)
    data = base64.b64encode(picture(fixed, warped, before)).decode("ascii")
    return ('<div><table>%s</table><div style="white-space:nowrap;font-size:smaller">%s</div>'
            '<img alt="middle slices: %s" src="data:image/png;base64,%s"></div>'
            % (cells, heads, ", ".join(_COLUMNS), data))
