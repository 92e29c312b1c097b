noinst_PROGRAMS += tests/home/lamp
tests_home_lamp_LDADD = $(MOSQUITTO_LIBS)

check_PROGRAMS += tests/home/test-entity
tests_home_test_entity_LDADD = $(TOOLS_LIBS) $(TEST_LIBS)
EXTRA_DIST += tests/home/components.txt

check_PROGRAMS += tests/home/test-discovery
tests_home_test_discovery_LDADD = $(TOOLS_LIBS) $(TEST_LIBS)

# Against a real broker; skipped where none is installed.
check_PROGRAMS += tests/home/test-tools
tests_home_test_tools_SOURCES = tests/home/house.c tests/home/house.h tests/home/test-tools.c
tests_home_test_tools_LDADD = assistantd/ipc/libipc.a util/libutil.a $(JANSSON_LIBS) $(MOSQUITTO_LIBS) \
	$(TEST_LIBS)

# A house of a hundred things of all kinds.
check_PROGRAMS += tests/home/test-house
tests_home_test_house_SOURCES = tests/home/house.c tests/home/house.h tests/home/test-house.c
tests_home_test_house_LDADD = $(tests_home_test_tools_LDADD)

# The same with the whole service, over D-Bus.
HOME_TESTS = tests/home/orders.py tests/home/questions.py tests/home/consent.py \
	tests/home/undo.py tests/home/ask.py tests/home/timers.py
dist_check_SCRIPTS += $(HOME_TESTS)
EXTRA_DIST += tests/home/house.py tests/home/session.py

# Opt-in: make check-zigbee2mqtt RIG=DIR starts DIR/start.sh, which prints "ready" once a real
# Zigbee2MQTT with a virtual radio answers on 127.0.0.1:18830; WORK keeps what it downloads.
EXTRA_PROGRAMS += tests/home/zigbee2mqtt tests/home/corpus
tests_home_zigbee2mqtt_SOURCES = tests/home/house.c tests/home/house.h tests/home/zigbee2mqtt.c
tests_home_zigbee2mqtt_LDADD = $(tests_home_test_tools_LDADD)
WORK = /var/tmp/zigbee2mqtt
check-zigbee2mqtt: all tests/home/zigbee2mqtt
	builddir='$(abs_top_builddir)' MOSQUITTO_BROKER='$(MOSQUITTO_BROKER)' \
		sh $(srcdir)/tests/home/zigbee2mqtt.sh '$(RIG)' '$(WORK)'
.PHONY: check-zigbee2mqtt
EXTRA_DIST += tests/home/zigbee2mqtt.sh
CLEANFILES += tests/home/zigbee2mqtt tests/home/corpus

# Opt-in: make check-discovery CORPUS=DIR reads the real messages in DIR/corpus.json.xz.
tests_home_corpus_LDADD = $(TOOLS_LIBS)
check-discovery: tests/home/corpus
	xz -dc '$(CORPUS)/corpus.json.xz' | tests/home/corpus
.PHONY: check-discovery

check_PROGRAMS += tests/home/test-home
tests_home_test_home_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)

# Opt-in: make check-desktop asks by notifications of a real server, dunst on a virtual screen, and
# plays by a real player, mpv.
check-desktop: all tests/home/lamp
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='tests/home/notifications.py tests/home/player.py'
.PHONY: check-desktop
EXTRA_DIST += tests/home/notifications.py tests/home/player.py
