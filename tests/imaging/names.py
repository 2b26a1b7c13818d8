"""The corpus' names, known before its pictures are made, so that each picture is a test of its own."""

from tests.corpus import pictures as _pictures

ALL = [row[0] for make in _pictures.MAKERS for row in make()]
