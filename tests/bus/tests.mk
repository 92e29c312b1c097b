# Skipped without Debian's python3-dbus and python3-gi. The first four have an untrained model of
# their own, the last two use the embedded one.
BUS_TESTS = tests/bus/wrong.py tests/bus/descriptors.py tests/bus/load.py tests/bus/models.py \
	tests/bus/interfaces.py tests/bus/faults.py
dist_check_SCRIPTS += $(BUS_TESTS)
EXTRA_DIST += tests/bus/harness.py
