BUS_TESTS = tests/bus/interfaces.py tests/bus/faults.py
dist_check_SCRIPTS += $(BUS_TESTS)
EXTRA_DIST += tests/bus/harness.py
