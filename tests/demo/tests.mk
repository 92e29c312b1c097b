# The demonstration is a test, too: every step of it is asserted.
TESTS += tests/demo/run.sh
EXTRA_DIST += tests/demo/demo.sh tests/demo/run.sh
