"""Media as such: RTP, tones, prompts, DTMF, figures."""

from __future__ import annotations
