"""The parts of the demo; ``demo.py`` puts them together."""
