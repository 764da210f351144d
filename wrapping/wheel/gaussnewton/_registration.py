# SPDX-License-Identifier: Apache-2.0
import json
import os
import re

import numpy as np

from . import _core, _nifti, _picture, _transforms
from ._errors import InputError
from ._images import Image, read, same_grid

_SMALLEST_OVERLAP = 0.01 # share of the smaller volume: below, the images cannot be meant to show the same thing


def options():
    """Every option of register(): a list of dictionaries with `name`, `help`, `unit`, `allowed` and `default`."""
    rows = _core.options()
    for row in rows:
        row["name"] = row["name"].replace(" ", "_").replace("-", "_").lower()
    return rows


def _text(value):
    """An option's value as the option table reads it."""
    if value is None:
        return "none"
    if isinstance(value, (bool, np.bool_)):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        numbers = all(isinstance(v, (int, float, np.integer, np.floating)) for v in value)
        return (" " if numbers else ",").join(_text(v) for v in value)
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(value)


def _settings(chosen):
    known = {row["name"] for row in options()}
    for name in chosen:
        if name not in known:
            raise InputError("register() has no option %r; the options are %s" % (name, ", ".join(sorted(known))))
    return [(name.replace("_", " "), _text(value)) for name, value in chosen.items()]


def _float_volume(image, name):
    array = np.asarray(image.array)
    if array.dtype.kind not in "buif":
        raise InputError("%s: voxels of type %s; numbers are needed" % (name, array.dtype))
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise InputError("%s: voxel %s (z, y, x) is not finite in single precision; replace such voxels by finite values"
                         % (name, where))
    return array


def _weight(mask, grid, name):
    if mask is None:
        return None
    volume = read(mask)[0].array
    if volume.shape != grid.array.shape:
        raise InputError("%s has the shape %s, its image %s; they must be the same" % (name, volume.shape, grid.array.shape))
    weight = np.ascontiguousarray(volume != 0, dtype=np.float32)
    if not weight.any():
        raise InputError(name + ": the mask is empty; it needs voxels that are not zero where the images shall match")
    return weight


def _volume_weights(image, moving, fixed, initial):
    """Weights of volumes on the fixed grid, as the moving image is sampled."""
    if image is None:
        return None
    name = "incompressibility_image"
    volume = read(image)[0]
    if volume.array.shape != moving.array.shape:
        raise InputError("%s has the shape %s, moving %s; they must be the same"
                         % (name, volume.array.shape, moving.array.shape))
    values = _float_volume(volume, name)
    if _is_sampled(fixed, moving, initial):
        to_moving, to_index = _to_moving(fixed, moving, initial)
        values = _core.sample(values, fixed.size, to_moving, None, to_index, False, None)[0]
    return values


def _points(points, image, name):
    """Points in LPS millimetres as an array, checked to lie in their image."""
    try:
        array = np.array(points, dtype=float)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim != 2 or array.shape[1] != 3 or len(array) == 0:
        raise InputError("%s: an array of shape (N, 3) is needed, with the x, y and z of each point in mm" % name)
    index = (np.c_[array, np.ones(len(array))] @ np.linalg.inv(image.index_to_point()).T)[:, :3]
    with np.errstate(invalid="ignore"):
        inside = ((index >= -0.5) & (index <= np.array(image.size) - 0.5)).all(axis=1)
    if not inside.all():
        number = int(np.argmin(inside))
        raise InputError("%s: point %d, %s, lies outside its image; give physical coordinates (LPS, mm) of that image, "
                         "or remove the pair" % (name, number, array[number].tolist()))
    return array


def _landmarks(fixed_points, moving_points, fixed, moving, initial):
    """Pairs along the axes of the fixed grid, mm from its first voxel; moving points where the sampled image has them."""
    if fixed_points is None and moving_points is None:
        return []
    if fixed_points is None or moving_points is None:
        raise InputError("fixed_points and moving_points belong together: give both, or none")
    here = _points(fixed_points, fixed, "fixed_points")
    there = _points(moving_points, moving, "moving_points")
    if len(here) != len(there):
        raise InputError("moving_points has %d points, but fixed_points has %d; give as many, in the same order"
                         % (len(there), len(here)))
    to_index = np.linalg.inv(fixed.index_to_point())
    back = to_index if initial is None else to_index @ np.linalg.inv(initial)
    def along(points, matrix):
        return (np.c_[points, np.ones(len(points))] @ matrix.T)[:, :3] * np.array(fixed.spacing)
    return np.c_[along(here, to_index), along(there, back)].tolist()


def _to_moving(fixed, moving, initial=None):
    """12 numbers: index of the fixed to continuous index of the moving grid; 9: LPS millimetres, before the initial
    transform, to the latter."""
    to_index = np.linalg.inv(moving.index_to_point())
    if initial is not None:
        to_index = to_index @ initial
    matrix = to_index @ fixed.index_to_point()
    return [float(v) for v in matrix[:3].ravel()], [float(v) for v in to_index[:3, :3].ravel()]


def _volume(image):
    return float(np.prod(image.size) * np.prod(image.spacing))


def _is_of_labels(settings, pair):
    """Whether a pair of images, by number from 0, is compared by its labels."""
    sums = _text(settings.get("similarity", "")).split(",")
    return "labels" in sums[min(pair, len(sums) - 1)]


def _is_sampled(fixed, moving, initial):
    """Whether the moving image must be brought onto the fixed grid first."""
    return not same_grid(fixed, moving) or (initial is not None and (initial != np.eye(4)).any())


def _onto(fixed, moving, values, weight, initial, is_label):
    """Moving image and weight on the fixed grid: linear interpolation, of labels the nearest voxel; outside, the nearest
    voxel with weight 0."""
    to_moving, to_index = _to_moving(fixed, moving, initial)
    resampled, inside = _core.sample(values, fixed.size, to_moving, None, to_index, is_label, None)
    scale = 1.0 if initial is None else abs(np.linalg.det(initial))
    shared = float(inside.mean()) * _volume(fixed) / min(_volume(fixed), _volume(moving) / scale)
    if shared < _SMALLEST_OVERLAP:
        raise InputError("the volumes do not overlap: %.2g %% of the smaller one lies inside the other; check origin and "
                         "direction of fixed and moving%s"
                         % (100 * shared, ", or start from align(fixed, moving)" if initial is None else
                            ", and that initial_transform maps fixed to moving points"))
    if weight is not None:
        inside = inside * _core.sample(weight, fixed.size, to_moving, None, to_index, False, None)[0]
        if not inside.any():
            raise InputError("moving_mask: no voxel of the fixed image lies inside the mask")
    return resampled, None if (inside == 1).all() else np.ascontiguousarray(inside, dtype=np.float32)


def _further_pairs(channels, fixed, moving, spacing, initial, settings):
    """Pairs of volumes on the fixed grid, by linear interpolation, of labels by the nearest voxel."""
    pairs = []
    for number, pair in enumerate(channels, 2):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InputError("channels: pair %d is %s; a pair is (fixed, moving)"
                             % (number, "%d images" % len(pair) if isinstance(pair, (tuple, list)) else
                                "of the type " + type(pair).__name__))
        volumes = []
        for image, like, name in zip(pair, (fixed, moving), ("fixed", "moving")):
            name = "channels: the %s image of pair %d" % (name, number)
            try:
                channel = read(image, spacing if isinstance(image, np.ndarray) else None)[0]
            except InputError as error:
                raise InputError("%s: %s" % (name, error)) from None
            if not same_grid(channel, like):
                raise InputError(name + " does not lie on the grid of the first; resample it onto that")
            volumes.append(_float_volume(channel, name))
        if _is_sampled(fixed, moving, initial):
            to_moving, to_index = _to_moving(fixed, moving, initial)
            volumes[1] = _core.sample(volumes[1], fixed.size, to_moving, None, to_index,
                                      _is_of_labels(settings, number - 1), None)[0]
        pairs.append(tuple(volumes))
    return pairs


def _rotated(vectors, matrix):
    """matrix v for every vector, in double precision and summed in this order: the bits of the command line."""
    if (matrix == np.eye(3)).all():
        return vectors
    out = np.empty_like(vectors)
    v = [vectors[..., a].astype(np.float64) for a in range(3)]
    for a in range(3):
        out[..., a] = matrix[a, 0] * v[0] + matrix[a, 1] * v[1] + matrix[a, 2] * v[2]
    return out


class _Progress:
    """Shows the progress on a terminal or in a notebook where tqdm is installed, and passes it on."""

    def __init__(self, progress):
        self._callback = progress if callable(progress) else None
        self._bar = None
        if progress is True:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return
            self._bar = tqdm(total=100, desc="register", unit="%", leave=False)

    def __call__(self, event, values):
        if self._bar is not None and event == "progress":
            self._bar.update(int(100 * values["share"]) - self._bar.n)
        if self._bar is not None and event == "iteration":
            self._bar.set_postfix(mismatch="%.4f" % values["mismatch"], refresh=False)
        return self._callback(event, values) if self._callback is not None else None

    def close(self):
        if self._bar is not None:
            self._bar.close()


def paths(prefix, outputs, has_initial):
    """The files of Result.save(prefix) by what is in them."""
    fields = ["displacement", *outputs, "warped"]
    names = {name: ("inverse_displacement" if name == "inverse" else name) + ".nii.gz" for name in fields}
    if has_initial:
        names["initial"] = "initial.tfm"
    names["report"] = "report.json"
    return {name: "%s_%s" % (os.fspath(prefix), end) for name, end in names.items()}


class Result:
    """What a registration found. Images have the type of the fixed image and lie on its grid.

    displacement: u, [z, y, x, 3], mm along LPS axes: fixed point x corresponds to moving point T(x + u(x)).
    warped: the moving image at T(x + u(x)), one linear interpolation, 0 outside.
    initial_transform: T, 4 x 4, mm along LPS axes; None if there is none, T(x) = x.
    inverse: the displacement of the inverse of x + u(x), without T; velocity: the stationary velocity (mm per unit
    time) whose exponential x + u(x) is; determinant: det(I + grad u), no unit. These three are None unless they were
    asked for in `outputs`.
    report: a dictionary as the command line's JSON report has it; `initialTransform` has T as `matrix`, 3 x 3, and
        `offsetMm`.

    In a notebook it shows itself as a table with a picture of three slices.
    """

    def __init__(self, fixed, fields, warped, report, back, initial=None, before=None):
        self._fixed = fixed
        self._fields = fields
        self._warped = warped
        self._back = back
        self._before = before # middle slices of the moving image at T(x), for the picture
        self.initial_transform = initial
        self.report = report

    def _get(self, array):
        return None if array is None else self._back(self._fixed.like(array))

    @property
    def displacement(self):
        return self._get(self._fields["displacement"])

    @property
    def warped(self):
        return self._get(self._warped)

    @property
    def inverse(self):
        return self._get(self._fields.get("inverse"))

    @property
    def velocity(self):
        return self._get(self._fields.get("velocity"))

    @property
    def determinant(self):
        return self._get(self._fields.get("determinant"))

    def save(self, prefix):
        """Writes PREFIX_displacement.nii.gz, PREFIX_warped.nii.gz and PREFIX_report.json, and PREFIX_inverse_displacement,
        _velocity, _determinant.nii.gz and _initial.tfm (T, as ITK's text) where there are such; returns the paths.
        The folder is created if only its last part is missing. Names and contents are those of gnr-register: vectors in
        LPS millimetres. NIfTI is written by this package."""
        optional = [name for name in self._fields if name != "displacement"]
        written = paths(prefix, optional, self.initial_transform is not None)
        folder = os.path.dirname(written["report"])
        if folder and not os.path.isdir(folder):
            os.mkdir(folder)
        for name, array in [*self._fields.items(), ("warped", self._warped)]:
            _nifti.write(written[name], self._fixed.like(array))
        if self.initial_transform is not None:
            _transforms.write(written["initial"], self.initial_transform)
        with open(written["report"], "w", encoding="utf-8") as file:
            json.dump(self.report, file, indent=2)
            file.write("\n")
        return list(written.values())

    def _repr_html_(self):
        return _picture.html(self.report, self._fixed, self._warped, self._before)

    def __repr__(self):
        r = self.report["result"]
        return "<gaussnewton.Result: mismatch %.4f, det %.3g ... %.3g, max |u| %.3g mm, %s>" % (
            r["mismatch"], r["determinant"]["minimum"], r["determinant"]["maximum"], r["maximumDisplacementMm"],
            r["stopDescription"])


def register(fixed, moving, *, channels=(), fixed_mask=None, moving_mask=None, initial_transform=None,
             initial_velocity=None, fixed_points=None, moving_points=None, incompressibility_image=None, similarity=None,
             measure=None, preset="default", progress=None, outputs=(), spacing=None, **settings):
    """Registers `moving` to `fixed`: finds the smooth, invertible displacement u that makes moving(T(x + u(x))) like
    fixed(x).

    fixed, moving: three-dimensional images: numpy arrays [z, y, x], gaussnewton.Image, itk.Image, SimpleITK.Image or an
        image of nibabel, with any type of numbers. Every axis of fixed has at least 8 voxels. Their grids may differ:
        moving is then sampled on the grid of fixed by linear interpolation in LPS coordinates; outside of moving the
        nearest voxel is taken and does not count. The images should be roughly aligned, if need be by
        initial_transform.
    channels: further pairs (fixed, moving) of images of the same subjects, on the grids of theirs, that the same
        displacement shall make alike: another contrast, a map of tissue, a feature. `similarity` says how each counts.
    fixed_mask, moving_mask: images of the shape of theirs; where they are 0 the images need not match.
    initial_transform: T, a 4 x 4 matrix of fixed to moving points, mm along LPS axes (of plain arrays x, y, z), as
        align() returns it; or an affine transform of itk or SimpleITK: Euler, versor, similarity, affine, translation
        or a composite of these. u comes before it and does not contain it.
    initial_velocity: [z, y, x, 3], mm per unit time, LPS axes, on the grid of fixed: `velocity` of an earlier result.
    fixed_points, moving_points: landmarks, N x 3 numbers each: points of fixed and the same points of moving, mm along LPS
        axes (of plain arrays x, y, z), inside their images. u is drawn to bring them together, as far as the option
        landmark_sigma says, also where the images show nothing; `report` has their distances.
    incompressibility_image: of the shape of moving: how strongly tissue there resists a change of its volume, weights >= 0
        that travel with moving; 0: not at all. The option incompressibility_weight multiplies them; of CTs the option
        incompressibility="ct" makes such weights by itself.
    similarity: the name of a measure, or a sum of several, "lncc+0.5*mind". The default, "auto", takes "lncc" for images
        of one contrast and "mind" for others; `report` names its choice. With channels one for all pairs, or one for each
        with commas between them, "lncc,0.2*ssd"; "labels" is for pairs of segmentations.
    measure: a measure of your own, which "custom" in `similarity` stands for: a function of three float32 arrays [z, y, x],
        the fixed image, the moving image as it is deformed now, and the weight of each voxel or None. It returns the
        value, a sum over the voxels in the unit of half the squared difference (the images have intensities of about 0
        to 1); the force, minus the derivative of the value by each voxel of the moving image; and, unless that is the
        weight, the curvature >= 0, which stands for the second derivative. It is called on every grid, from coarse to
        fine.
    preset: "fast", "default" or "accurate"; "lung-ct" for two CTs of a chest.
    progress: True for a bar (where tqdm is installed), or a function of (event, values) that is called on every
        "level", "iteration", "progress" and "message"; when it returns False, the solve ends with the result so far.
    outputs: of "inverse", "velocity", "determinant" those that the result shall have, too.
    spacing: mm along x, y, z for plain numpy arrays; 1 unless given.
    settings: every other option by its name, beta=1e-3 or threads=2, for example; options() lists them.

    Returns a Result. Raises InputError, ResourceError or NumericalError; KeyboardInterrupt ends it within a second.
    """
    fixed_image, back = read(fixed, spacing)
    moving_image, _ = read(moving, spacing if isinstance(moving, np.ndarray) else None)
    unknown = set(outputs) - {"inverse", "velocity", "determinant"}
    if unknown:
        raise InputError("outputs: %s; there are inverse, velocity and determinant" % ", ".join(sorted(unknown)))
    if measure is not None and similarity is None:
        similarity = "custom"
    if similarity is not None:
        settings["similarity"] = similarity
    chosen = _settings(settings)
    fixed_values = _float_volume(fixed_image, "fixed")
    moving_values = _float_volume(moving_image, "moving")
    fixed_weight = _weight(fixed_mask, fixed_image, "fixed_mask")
    moving_weight = _weight(moving_mask, moving_image, "moving_mask")
    initial = None if initial_transform is None else _transforms.matrix_of(initial_transform)
    further = _further_pairs(channels, fixed_image, moving_image, spacing, initial, settings)
    on_grid = moving_values
    if _is_sampled(fixed_image, moving_image, initial):
        on_grid, moving_weight = _onto(fixed_image, moving_image, moving_values, moving_weight, initial,
                                       _is_of_labels(settings, 0))
    volumes = _volume_weights(incompressibility_image, moving_image, fixed_image, initial)
    volume_change = 1.0 if initial is None else float(abs(np.linalg.det(initial)))
    if settings.get("density_exponent") == "auto" and (fixed_mask is None or moving_mask is None):
        raise InputError("density_exponent auto compares the lungs of both images: give fixed_mask and moving_mask, or a number")
    velocity = None
    if initial_velocity is not None:
        vectors = initial_velocity.array if isinstance(initial_velocity, Image) else initial_velocity
        if np.shape(vectors) != fixed_values.shape + (3,):
            raise InputError("initial_velocity has the shape %s; %s is needed"
                             % (np.shape(vectors), fixed_values.shape + (3,)))
        inverse = np.linalg.inv(fixed_image.direction)
        velocity = np.ascontiguousarray(_rotated(np.asarray(vectors, dtype=np.float32), inverse))

    landmarks = _landmarks(fixed_points, moving_points, fixed_image, moving_image, initial)
    reporter = _Progress(progress)
    wanted = ["displacement"] + [name for name in ("inverse", "velocity", "determinant") if name in outputs]
    try:
        solved = _core.solve(fixed_values, on_grid, fixed_image.spacing, fixed_weight, moving_weight, volumes, volume_change,
                             velocity, further, landmarks, preset, chosen, wanted, reporter, measure)
    finally:
        reporter.close()
    fields = {name: solved[name] if name == "determinant" else _rotated(solved[name], fixed_image.direction)
              for name in wanted}
    report = solved["report"]
    report["initialTransform"] = None if initial is None else {
        "matrix": initial[:3, :3].tolist(), "offsetMm": initial[:3, 3].tolist()}
    to_moving, to_index = _to_moving(fixed_image, moving_image, initial)
    warped = _core.sample(moving_values, fixed_image.size, to_moving, fields["displacement"], to_index, False, 0.0)[0]
    before = [_core.sample(moving_values, size, matrix, None, to_index, False, 0.0)[0].reshape(shape)
              for size, matrix, shape in _picture.middle_planes(fixed_image.size, to_moving)]
    return Result(fixed_image, fields, warped, report, back, initial, before)


def apply(image, result, *, interpolation="linear", outside=0.0, spacing=None):
    """Warps another image that lies where the moving image lay, a segmentation for example, to the fixed grid: image at
    T(x + u(x)).

    image: as for register(), on any grid. result: of register(). interpolation: "linear", or "label" for the nearest
    voxel, which keeps the type of the voxels. outside: the value where `image` has none. Returns the type of `image`.
    """
    if interpolation not in ("linear", "label"):
        raise InputError("interpolation must be 'linear' or 'label', not %r" % (interpolation,))
    source, back = read(image, spacing)
    fixed = result._fixed
    values = _float_volume(source, "image")
    is_label = interpolation == "label"
    if is_label and not (values == source.array).all():
        raise InputError("image: labels above 2^24 cannot be told apart; number them anew")
    to_moving, to_index = _to_moving(fixed, source, result.initial_transform)
    warped = _core.sample(values, fixed.size, to_moving, result._fields["displacement"], to_index, is_label,
                          float(outside))[0]
    made = fixed.like(warped.astype(source.array.dtype) if is_label else warped)
    if re.match("nibabel", type(image).__module__): # its affine is that of the fixed grid now
        return _nibabel_image(made)
    return back(made)


def _nibabel_image(image):
    import nibabel
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.index_to_point()
    return nibabel.Nifti1Image(image.array.T, affine)
