"""What the machine can do is known before anything is read; what it cannot is refused with a hint."""

import os
import platform
import subprocess
import sys

import pytest

from nlpcli.engine.neural import devices
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import CharLMSettings

needs_bfloat16 = pytest.mark.skipif(
    not devices.cpu_supports_bfloat16(), reason="this processor has no bfloat16 instructions"
)
LOW = CharLMSettings(precision="bfloat16", device="cpu")


def without_bfloat16(monkeypatch):
    monkeypatch.setattr(devices, "cpu_supports_bfloat16", lambda: False)


def test_bfloat16_without_the_instructions_is_refused_before_the_text_is_read(nlpcli):
    done = nlpcli(
        "train-charlm", "absent.txt", "-o", "m.safetensors", "--precision", "bfloat16", "--device", "cpu",
        code=1 if devices.cpu_supports_bfloat16() else 2,
    )  # fmt: skip
    if devices.cpu_supports_bfloat16():
        assert b"absent.txt" in done.stderr
    else:
        assert done.stderr.startswith(b"error: --precision bfloat16: this processor has no instructions")
        assert b"\nhint: use --precision auto" in done.stderr


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="oneDNN's view can be lowered on x86"
)
def test_a_lowered_view_of_the_processor_counts(process):
    done = process(  # of its own: oneDNN looks once
        "train-charlm", "absent.txt", "-o", "m.safetensors", "--precision", "bfloat16", "--device", "cpu",
        code=2, ONEDNN_MAX_CPU_ISA="SSE41",
    )  # fmt: skip
    assert done.stderr.startswith(b"error: --precision bfloat16: ")


def test_auto_is_float32_without_the_instructions(monkeypatch):
    without_bfloat16(monkeypatch)
    settings = CharLMSettings(rnn_size=512, device="cpu")
    devices.check(settings)
    assert not devices.wants_bfloat16(settings, "cpu")


def test_only_what_was_asked_for_is_refused(monkeypatch):
    without_bfloat16(monkeypatch)
    with pytest.raises(SettingsError, match="no instructions"):
        devices.check(LOW)
    assert devices.wants_bfloat16(LOW, "cuda")


@needs_bfloat16
def test_bfloat16_is_trained_in_where_it_is_asked_for():
    assert devices.wants_bfloat16(LOW, "cpu")


def test_a_model_trained_in_bfloat16_writes_on_any_processor(process, monkeypatch, tmp_path):
    # Without the instructions PyTorch still multiplies in bfloat16, slowly: enough to make such a model.
    monkeypatch.setattr(devices, "cpu_supports_bfloat16", lambda: True)
    from nlpcli.engine.charlm.job import train_charlm

    (tmp_path / "text.txt").write_text("hello hello hello\n" * 20)
    settings = CharLMSettings(precision="bfloat16", device="cpu", rnn_size=16, epochs=2, threads=1)
    model = train_charlm(tmp_path / "text.txt", tmp_path / "m.safetensors", settings)
    done = process("generate", "m.safetensors", "--prime", "h", "--length", 5, ONEDNN_MAX_CPU_ISA="SSE41")
    assert len(done.stdout.decode()) == 7
    assert model.settings.precision == "bfloat16"


def test_few_compiled_products_are_kept_from_python_too():
    code = (
        "import os; from nlpcli.engine.neural.devices import cpu_supports_bfloat16; cpu_supports_bfloat16(); "
        "print(os.environ['ONEDNN_PRIMITIVE_CACHE_CAPACITY'], os.environ['LRU_CACHE_CAPACITY'])"
    )
    unset = {name: value for name, value in os.environ.items() if "CACHE_CAPACITY" not in name}
    done = subprocess.run([sys.executable, "-c", code], env=unset, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["32", "32"]
