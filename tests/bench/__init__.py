"""What the project promises in numbers, measured: `make bench`, or `python -m tests.bench links engine`."""
