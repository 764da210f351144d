# SPDX-License-Identifier: Apache-2.0
"""Pictures as gnr-view writes them, with the standard library alone: 8-bit RGB PNG and its text chunks."""
import functools
import itertools
import struct
import zlib


class Picture:
    """width, height, rows (top to bottom, bytes of RGB) and texts (key: text)."""

    def __init__(self, path):
        with open(path, "rb") as stream:
            raw = stream.read()
        assert raw[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is no PNG"
        at, packed, self.texts = 8, b"", {}
        while at < len(raw):
            length, kind = struct.unpack_from(">I4s", raw, at)
            body = raw[at + 8:at + 8 + length]
            assert zlib.crc32(kind + body) == struct.unpack_from(">I", raw, at + 8 + length)[0]
            at += 12 + length
            if kind == b"IHDR":
                self.width, self.height, depth, color = struct.unpack_from(">IIBB", body)
                assert (depth, color, body[12]) == (8, 2, 0), "not 8-bit RGB"
            elif kind == b"IDAT":
                packed += body
            elif kind == b"tEXt":
                key, text = body.split(b"\0", 1)
                self.texts[key.decode("latin-1")] = text.decode("latin-1")
            elif kind == b"zTXt":
                key, text = body.split(b"\0", 1)
                self.texts[key.decode("latin-1")] = zlib.decompress(text[1:]).decode("latin-1")
        self._packed = packed

    @functools.cached_property
    def rows(self):
        data = zlib.decompress(self._packed)
        stride, rows, above = 3 * self.width, [], bytearray(3 * self.width)
        for y in range(self.height):
            kind = data[y * (stride + 1)]
            row = bytearray(data[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
            if kind == 1:  # minus the left neighbour
                for channel in range(3):
                    row[channel::3] = bytes(v & 255 for v in itertools.accumulate(row[channel::3]))
            elif kind == 2:  # minus the one above
                row = bytearray((a + b) & 255 for a, b in zip(row, above))
            elif kind == 3:  # minus their mean
                for i in range(stride):
                    row[i] = (row[i] + ((row[i - 3] if i >= 3 else 0) + above[i]) // 2) & 255
            elif kind == 4:  # minus the one of left, above and corner that is closest to left + above - corner
                for i in range(0, stride, 3):
                    for k in range(3):
                        left, up, corner = (row[i + k - 3], above[i + k], above[i + k - 3]) if i else (0, above[k], 0)
                        p, q = up - corner, left - corner
                        to_left, to_up, to_corner = abs(p), abs(q), abs(p + q)
                        if to_left <= to_up and to_left <= to_corner:
                            guess = left
                        else:
                            guess = up if to_up <= to_corner else corner
                        row[i + k] = (row[i + k] + guess) & 255
            rows.append(row)
            above = row
        return rows

    def at(self, x, y):
        return tuple(self.rows[y][3 * x:3 * x + 3])

    def inside(self, area):
        """The pixels of (x, y, width, height)."""
        x, y, width, height = area
        return [self.at(i, j) for j in range(y, y + height) for i in range(x, x + width)]
