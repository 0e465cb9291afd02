"""Ordinary input files of many kinds, each brought through a real door.

A kind is one file here with a function that yields its cases (`@kind`). The right value of a
case is worked out by hand where it stands; nothing of it comes from the code that is tried.

    python -m benchmarks.door
    python -m benchmarks.door --only tables
"""
