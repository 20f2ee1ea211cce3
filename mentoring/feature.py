"""What mentoring brings to the whole."""

from __future__ import annotations

from pathlib import Path

from academy.kernel.feature import Feature

FEATURE = Feature(name="mentoring", folder=Path(__file__).parent)
