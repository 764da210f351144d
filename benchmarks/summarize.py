#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the table of doc/measurements.md and the picture doc/benchmark.svg of what compare.py measured."""
import argparse
import json
from pathlib import Path

import common

TITLES = {"demons": "ITK diffeomorphic Demons", "syn-ms": "ITK SyN, mean squares", "syn-cc": "ITK SyN, correlation",
          "fast": "`fast`", "default": "`default`", "accurate": "`accurate`"}
COLORS = {"demons": "tab:red", "syn-ms": "tab:gray", "syn-cc": "black",
          "fast": "tab:cyan", "default": "tab:blue", "accurate": "tab:purple"}
SHAPES = {"demons": "s", "syn-ms": "D", "syn-cc": "v"}


def dice_text(entry):
    dice = entry["quality"].get("dice")
    return f"{dice['meanBefore']:.3f} → {dice['mean']:.3f}" if dice else "–"


def make_table(entries):
    rows, last = [], None
    for entry in entries:
        quality, cost = entry["quality"], entry["median"]
        det = quality["determinant"]
        pair = f"{entry['pair']}, {'×'.join(map(str, entry['size']))}"
        rows.append([pair if pair != last else "", TITLES[entry["method"]], f"{quality['residual']:.3f}", dice_text(entry),
                     f"{det['minimum']:.2g} … {det['maximum']:.2g}", det["foldedVoxels"], f"{cost['cpuSeconds']:.1f}",
                     f"{entry['cpuRatio']:.2f}" if "cpuRatio" in entry else "–", f"{cost['registrationCpuSeconds']:.1f}",
                     f"{cost['peakBytesPerVoxel']:.0f}"])
        last = pair
    return common.table(["pair", "method", "residual", "Dice", "det(I+∇u)", "folded voxels", "CPU-s", "relative to Demons",
                         "CPU-s, registration alone", "bytes/voxel"], rows)


def make_caption(result, picture):
    machine = result["machine"]
    turns = len(result["entries"][0]["runs"])
    turns_text = f"medians of {turns} turns" if turns > 1 else "one turn"
    return (f"Measured {machine['date'][:10]} on {machine['processor']}, {common.threads_text(result['threads'])}, "
            f"{machine['compiler']}: {turns_text} in which the methods alternated. CPU-s are those of the whole process, reading "
            "and writing included. *Residual* is √((1−ρ²)/(1−ρ₀²)), ρ and ρ₀ the correlation of the fixed with the warped and "
            "the unwarped moving image; Dice is the mean over the structures, before → after. All was recomputed from the "
            "displacement files by `benchmarks/evaluate.py`; `scripts/benchmark.sh` makes this table and the picture.\n\n"
            f"![Residual and Dice against CPU seconds]({picture})")


def draw(entries, path):
    """One row per pair: residual and Dice against CPU seconds, one point per method."""
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "gnr", "font.size": 9})
    from matplotlib import pyplot, ticker

    pairs = list(dict.fromkeys(entry["pair"] for entry in entries))
    figure, axes = pyplot.subplots(len(pairs), 2, figsize=(9, 2.7 * len(pairs)), squeeze=False, sharex=True)
    for row, pair in zip(axes, pairs):
        for axis, what, better in ((row[0], "residual", "smaller"), (row[1], "mean Dice", "larger")):
            for entry in (e for e in entries if e["pair"] == pair):
                quality = entry["quality"]
                value = quality["residual"] if what == "residual" else quality.get("dice", {}).get("mean")
                if value is not None:
                    method = entry["method"]
                    axis.scatter(entry["median"]["cpuSeconds"], value, color=COLORS[method], marker=SHAPES.get(method, "o"),
                                 s=45, label=TITLES[method].strip("`"), zorder=3)
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(ticker.LogLocator(base=10, subs=(1, 2, 5)))
            axis.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
            axis.xaxis.set_minor_formatter(ticker.NullFormatter())
            axis.margins(0.15)
            axis.grid(True, alpha=0.3)
            axis.set_title(f"{pair}: {what} ({better} is better)", fontsize=9)
            if not axis.collections:
                axis.set_visible(False)  # no segmentations
    for axis in axes[-1]:
        axis.set_xlabel("CPU seconds")
    # A method may be missing in the panels of one pair.
    handles = {label: handle for axis in axes.flat for handle, label in zip(*axis.get_legend_handles_labels())}
    figure.legend(handles.values(), handles.keys(), loc="lower center", ncol=len(handles), fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0.3 / figure.get_figheight(), 1, 1))  # the legend lies below
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, facecolor="white", **({"metadata": {"Date": None}} if str(path).endswith(".svg") else {}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("comparison", nargs="?", type=Path, default=common.RESULTS / "comparison.json",
                        help="JSON of compare.py [default: benchmarks/results/comparison.json]")
    parser.add_argument("--page", type=Path, default=common.ROOT / "doc" / "measurements.md",
                        help="where the table goes [default: doc/measurements.md]")
    parser.add_argument("--picture", type=Path, default=common.ROOT / "doc" / "benchmark.svg",
                        help="[default: doc/benchmark.svg]")
    a = parser.parse_args()
    if not a.comparison.is_file():
        parser.error(f"{a.comparison} does not exist. Run compare.py first")
    result = json.loads(a.comparison.read_text())
    draw(result["entries"], a.picture)
    picture = a.picture.resolve()
    if a.page.resolve().parent in picture.parents:
        picture = picture.relative_to(a.page.resolve().parent)
    common.replace_block(a.page, "benchmark", make_table(result["entries"]) + "\n\n" + make_caption(result, picture))
    print(f"written: {a.picture}, the table in {a.page}")


if __name__ == "__main__":
    common.run_main(main)
