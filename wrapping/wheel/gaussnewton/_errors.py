# SPDX-License-Identifier: Apache-2.0
"""What a registration can fail with; the messages say what is wrong and what to do."""


class RegistrationError(RuntimeError):
    """Every error of the solver."""


class InputError(RegistrationError, ValueError):
    """Images or options cannot be used as they are."""


class ResourceError(RegistrationError, MemoryError):
    """Memory could not be had."""


class NumericalError(RegistrationError, ArithmeticError):
    """The solve produced something that is not a number."""
