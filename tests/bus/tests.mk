# Skipped without Debian's python3-dbus and python3-gi. ctl.py has a service that is told what to
# do, the next six an untrained model of their own, the last seven the embedded one.
BUS_TESTS = tests/bus/ctl.py \
	tests/bus/wrong.py tests/bus/descriptors.py tests/bus/load.py tests/bus/models.py \
	tests/bus/memory.py tests/bus/trained.py tests/bus/interfaces.py tests/bus/faults.py \
	tests/bus/tools.py \
	tests/bus/notifications.py tests/bus/adapters.py tests/bus/adapter-faults.py tests/bus/languages.py \
	tests/bus/proofread.py
dist_check_SCRIPTS += $(BUS_TESTS) tests/bus/activation.sh
EXTRA_DIST += tests/bus/harness.py tests/bus/agent.py tests/bus/fake.py \
	tests/bus/flatpak.py tests/bus/lora.py tests/bus/provider.py tests/bus/terminal.py
# The front end's runners of tools by themselves; desktop.py and training.py are skipped without
# Debian's python3-dbusmock. The last plays the process that trains.
noinst_PROGRAMS += tests/bus/runner
tests_bus_runner_LDADD = $(DAEMON_LIBS)
dist_check_SCRIPTS += tests/bus/commands.py tests/bus/desktop.py tests/bus/training.py
EXTRA_DIST += tests/bus/mocks.py tests/bus/runner.py
