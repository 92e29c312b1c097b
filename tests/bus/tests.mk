# With an untrained model of their own; skipped without Debian's python3-dbus and python3-gi.
dist_check_SCRIPTS += tests/bus/wrong.py tests/bus/descriptors.py tests/bus/load.py
# With the embedded model.
BUS_TESTS = tests/bus/interfaces.py tests/bus/faults.py
dist_check_SCRIPTS += $(BUS_TESTS)
EXTRA_DIST += tests/bus/harness.py
