"""Aggregates of your own: both halves given, proved equal before any catalogue may name them.

Reading order: ``aggregate`` (what is declared, and how it is registered), ``parity`` (the proof),
``binding`` (what a catalogue carries of it).
"""
