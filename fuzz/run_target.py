"""One target under atheris: `python -m fuzz.run_target NAME [options of libFuzzer]`; ends when they say so."""

from __future__ import annotations

import logging
import sys

import atheris

with atheris.instrument_imports(include=["minikafka"]):
    import minikafka.messages.compiler as compiler
    from fuzz.targets import TARGETS

_define = compiler.define
# Decoders are made from source at run time, so that no import shows them to the instrumentation.
compiler.define = lambda *parts: atheris.instrument_func(_define(*parts))

if __name__ == "__main__":
    logging.disable()
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()
