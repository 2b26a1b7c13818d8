"""The benchmarks of Heliograph: each figure beside a control measured in the same run. `python -m bench --help`."""
