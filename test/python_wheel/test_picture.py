# SPDX-License-Identifier: Apache-2.0
"""What a notebook shows: well-formed, harmless HTML and a picture that says what is to be seen."""
import base64
import html.parser
import re
import struct
import unittest
import zlib

import numpy as np

import gaussnewton
from gaussnewton import Image, _picture

from test_transform import CENTRE, blob


def decode(data):
    """[row, column] of an 8-bit grey PNG whose rows have no filter; checks every length and checksum."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        length, = struct.unpack(">I", data[at:at + 4])
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 0)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, width + 1)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:]


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


class Html(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.result = gaussnewton.register(blob(CENTRE), blob(CENTRE + [3.0, 0.0, 0.0]), beta=1e-4, similarity="ssd")

    def picture(self, result):
        data = re.search(r'src="data:image/png;base64,([^"]*)"', result._repr_html_()).group(1)
        return decode(base64.b64decode(data))

    def test_table(self):
        tags = Tags()
        tags.feed(self.result._repr_html_())
        tags.close()
        self.assertEqual(tags.open, [])
        self.assertEqual(tags.seen.count("img"), 1)
        r = self.result.report["result"]
        for text in ("%.4f" % r["mismatch"], "%.4g mm" % r["maximumDisplacementMm"], "folded voxels0",
                     "%.4g ... %.4g" % (r["determinant"]["minimum"], r["determinant"]["maximum"])):
            self.assertIn(text, tags.text)

    def test_messages_are_escaped(self):
        messages = self.result.report["messages"]
        self.result.report["messages"] = ['<script>alert("&")</script>']
        try:
            tags = Tags()
            tags.feed(self.result._repr_html_())
        finally:
            self.result.report["messages"] = messages
        self.assertNotIn("script", tags.seen)
        self.assertIn('<script>alert("&")</script>', tags.text)

    def test_differences_before_and_after(self):
        grey = self.picture(self.result).astype(float)
        n = _picture._CELL
        self.assertEqual(grey.shape, (3 * n, 4 * n))
        for row in range(2): # the slices that the shift along x lies in
            before, after = (np.abs(grey[row * n:(row + 1) * n, c * n:(c + 1) * n] - 127.5) for c in (2, 3))
            inside = grey[row * n:(row + 1) * n, :n] > 25
            self.assertLess(after[inside].mean(), 0.5 * before[inside].mean())

    def test_an_image_and_itself_have_no_difference(self):
        grey = self.picture(gaussnewton.register(blob(CENTRE), blob(CENTRE), similarity="ssd"))
        n = _picture._CELL
        self.assertTrue((grey[:, :n] == grey[:, n:2 * n]).all())
        self.assertLessEqual(set(np.unique(grey[:, 2 * n:])), {0, 127, 128}) # 0: beside the slice

    def test_slices_stand_upright_with_square_pixels(self):
        # A ramp along LPS: left is bright to the right, posterior below, superior above, however the axes are reversed.
        n = _picture._CELL
        for signs in ((1, 1, 1), (-1, -1, 1), (1, -1, -1)):
            image = Image(np.zeros((16, 20, 40)), (1.0, 2.0, 2.5), direction=np.diag(signs))
            z, y, x = np.mgrid[:16, :20, :40]
            ramps = [s * i / m for s, i, m in zip(signs, (x, y, z), (40, 20, 16))]
            for a, (row, axis, sense) in enumerate(((0, 1, 1), (0, 0, 1), (1, 0, -1))):
                image.array = ramps[a]
                cell = decode(_picture.picture(image, image.array, _picture._middle_slices(image.array)))
                cell = cell[row * n:(row + 1) * n, :n].astype(float)
                # 40 mm by 40 mm both: the slice fills the cell.
                line = cell[n // 2] if axis == 1 else cell[:, n // 2]
                self.assertTrue((sense * np.diff(line) >= 0).all(), (signs, a))
                self.assertEqual(sorted((line[0], line[-1])), [0.0, 255.0])


if __name__ == "__main__":
    unittest.main()
