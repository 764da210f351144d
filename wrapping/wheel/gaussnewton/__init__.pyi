# SPDX-License-Identifier: Apache-2.0
import os
from typing import Any, Callable, Iterable, Literal, Sequence, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str
fourier_transforms: str

ImageLike = Any  # numpy array [z, y, x], Image, itk.Image, SimpleITK.Image, image of nibabel
TransformLike = Any  # 4 x 4 matrix, affine transform of itk or SimpleITK
T = TypeVar("T")

class RegistrationError(RuntimeError): ...
class InputError(RegistrationError, ValueError): ...
class ResourceError(RegistrationError, MemoryError): ...
class NumericalError(RegistrationError, ArithmeticError): ...

class Image:
    array: NDArray[Any]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: NDArray[np.float64]
    def __init__(self, array: ArrayLike, spacing: Sequence[float] = ..., origin: Sequence[float] = ...,
                 direction: ArrayLike | None = ...) -> None: ...
    @property
    def size(self) -> tuple[int, int, int]: ...
    def index_to_point(self) -> NDArray[np.float64]: ...
    def like(self, array: ArrayLike) -> Image: ...

class Result:
    report: dict[str, Any]
    initial_transform: NDArray[np.float64] | None
    @property
    def displacement(self) -> ImageLike: ...
    @property
    def warped(self) -> ImageLike: ...
    @property
    def inverse(self) -> ImageLike | None: ...
    @property
    def velocity(self) -> ImageLike | None: ...
    @property
    def determinant(self) -> ImageLike | None: ...
    def save(self, prefix: str | os.PathLike[str]) -> list[str]: ...
    def _repr_html_(self) -> str: ...

def register(fixed: ImageLike, moving: ImageLike, *, channels: Iterable[tuple[ImageLike, ImageLike]] = ...,
             fixed_mask: ImageLike | None = ..., moving_mask: ImageLike | None = ...,
             initial_transform: TransformLike | None = ..., initial_velocity: ArrayLike | Image | None = ...,
             fixed_points: ArrayLike | None = ..., moving_points: ArrayLike | None = ...,
             incompressibility_image: ImageLike | None = ...,
             similarity: str | None = ...,
             measure: Callable[[np.ndarray, np.ndarray, np.ndarray | None], tuple[Any, ...]] | None = ...,
             preset: Literal["fast", "default", "accurate", "lung-ct"] = ...,
             progress: bool | Callable[[str, dict[str, Any]], bool | None] | None = ...,
             outputs: Iterable[Literal["inverse", "velocity", "determinant"]] = ...,
             spacing: Sequence[float] | None = ..., **settings: Any) -> Result: ...
def apply(image: T, result: Result, *, interpolation: Literal["linear", "label"] = ..., outside: float = ...,
          spacing: Sequence[float] | None = ...) -> T: ...
def align(fixed: ImageLike, moving: ImageLike, method: Literal["moments", "rigid", "affine"] = ...,
          fixed_mask: ImageLike | None = ..., moving_mask: ImageLike | None = ..., *,
          spacing: Sequence[float] | None = ...) -> NDArray[np.float64]: ...
def options() -> list[dict[str, str]]: ...
