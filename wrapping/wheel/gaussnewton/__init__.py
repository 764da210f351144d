# SPDX-License-Identifier: Apache-2.0
"""Diffeomorphic registration of three-dimensional images.

    import gaussnewton
    result = gaussnewton.register(fixed, moving)
    result.warped, result.displacement, result.report["result"]
    result.save("out/pair")

If they lie apart: register(fixed, moving, initial_transform=gaussnewton.align(fixed, moving)).

Images are numpy arrays [z, y, x], gaussnewton.Image, itk.Image, SimpleITK.Image or images of nibabel.
"""
import os

# Threads that wait shall sleep, not spin: OpenMP reads this once, when the solver is loaded.
_added = {name: value for name, value in (("OMP_WAIT_POLICY", "passive"), ("GOMP_SPINCOUNT", "3000"))
          if "OMP_WAIT_POLICY" not in os.environ}
os.environ.update(_added)
from ._core import fourier_transforms, version as __version__  # noqa: E402
for _name in _added:
    del os.environ[_name]

from ._align import align
from ._errors import InputError, NumericalError, RegistrationError, ResourceError
from ._images import Image
from ._registration import Result, apply, options, register

__all__ = ["Image", "InputError", "NumericalError", "RegistrationError", "ResourceError", "Result", "align",
           "apply", "fourier_transforms", "options", "register", "__version__"]
