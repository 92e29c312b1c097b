noinst_PROGRAMS += tests/home/lamp
tests_home_lamp_SOURCES = tests/home/lamp.c
tests_home_lamp_LDADD = $(MOSQUITTO_LIBS)
