/* SPDX-License-Identifier: MIT */
/*
 * lamp BROKER NAME [light|switch|cover|garage] [silent|liar]: a device on an MQTT broker's
 * socket, for tests and the demonstration. It describes itself by discovery, obeys, and tells
 * its state; a silent one obeys without a word, a liar says that it is off whatever it is.
 */
#include <mosquitto.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct lamp {
	const char *name;
	char slug[64];
	bool cover, garage, is_light, silent, liar;
	bool on;
	int brightness;		/* 0 to 254 */
};

static void publish(struct mosquitto *m, const char *topic, const char *payload)
{
	mosquitto_publish(m, NULL, topic, (int)strlen(payload), payload, 1, true);
}

static void tell_state(struct mosquitto *m, const struct lamp *l)
{
	char topic[128], payload[128];
	bool on = l->liar ? false : l->on;

	snprintf(topic, sizeof(topic), "lamp/%s", l->slug);
	if (l->is_light)
		snprintf(payload, sizeof(payload), "{\"state\": \"%s\", \"brightness\": %d}",
			 on ? "ON" : "OFF", l->brightness);
	else if (l->cover)
		snprintf(payload, sizeof(payload), "{\"state\": \"%s\"}", on ? "open" : "closed");
	else
		snprintf(payload, sizeof(payload), "{\"state\": \"%s\"}", on ? "ON" : "OFF");
	publish(m, topic, payload);
}

static void describe(struct mosquitto *m, const struct lamp *l)
{
	const char *component = l->cover ? "cover" : l->is_light ? "light" : "switch";
	char topic[256], payload[1024];

	snprintf(topic, sizeof(topic), "homeassistant/%s/%s/%s/config", component, l->slug,
		 component);
	snprintf(payload, sizeof(payload),
		 "{\"~\": \"lamp/%s\", \"name\": null, \"uniq_id\": \"%s\", \"stat_t\": \"~\", "
		 "\"cmd_t\": \"~/set\", \"avty\": [{\"t\": \"~/available\"}], "
		 "\"dev\": {\"ids\": [\"%s\"], \"name\": \"%s\"}%s%s}", l->slug, l->slug, l->slug,
		 l->name, l->is_light ? ", \"schema\": \"json\", \"brightness\": true, "
		 "\"bri_scl\": 254" : ", \"val_tpl\": \"{{ value_json.state }}\"",
		 l->garage ? ", \"dev_cla\": \"garage\"" : "");
	publish(m, topic, payload);
	snprintf(topic, sizeof(topic), "lamp/%s/available", l->slug);
	publish(m, topic, "online");
	tell_state(m, l);
}

static void on_connect(struct mosquitto *m, void *arg, int code)
{
	struct lamp *l = arg;
	char topic[128];

	if (code != 0)
		exit(1);
	snprintf(topic, sizeof(topic), "lamp/%s/set", l->slug);
	mosquitto_subscribe(m, NULL, topic, 1);
	describe(m, l);
	puts("ready");
	fflush(stdout);
}

static void on_message(struct mosquitto *m, void *arg, const struct mosquitto_message *message)
{
	struct lamp *l = arg;
	char text[256];
	const char *at;

	snprintf(text, sizeof(text), "%.*s", message->payloadlen, (char *)message->payload);
	if (strstr(text, "ON") || strcmp(text, "OPEN") == 0)
		l->on = true;
	else if (strstr(text, "OFF") || strcmp(text, "CLOSE") == 0)
		l->on = false;
	at = strstr(text, "\"brightness\": ");
	if (at)
		l->brightness = atoi(at + strlen("\"brightness\": "));
	if (!l->silent)
		tell_state(m, l);
}

int main(int argc, char **argv)
{
	struct lamp l = { .is_light = true, .brightness = 254 };
	struct mosquitto *m;
	char available[128];
	size_t n = 0;

	if (argc < 3) {
		fputs("usage: lamp BROKER NAME [light|switch|cover|garage] [silent|liar]\n",
		      stderr);
		return 64;
	}
	l.name = argv[2];
	for (const char *c = l.name; *c && n + 1 < sizeof(l.slug); c++)
		l.slug[n++] = *c == ' ' ? '_' : (char)(*c | 32);
	for (int i = 3; i < argc; i++) {
		l.cover |= strcmp(argv[i], "cover") == 0 || strcmp(argv[i], "garage") == 0;
		l.garage |= strcmp(argv[i], "garage") == 0;
		l.is_light &= !l.cover && strcmp(argv[i], "switch") != 0;
		l.silent |= strcmp(argv[i], "silent") == 0;
		l.liar |= strcmp(argv[i], "liar") == 0;
	}
	mosquitto_lib_init();
	m = mosquitto_new(NULL, true, &l);
	if (!m)
		return 1;
	snprintf(available, sizeof(available), "lamp/%s/available", l.slug);
	mosquitto_will_set(m, available, 7, "offline", 1, true);
	mosquitto_connect_callback_set(m, on_connect);
	mosquitto_message_callback_set(m, on_message);
	while (mosquitto_connect(m, argv[1], 0, 30) != MOSQ_ERR_SUCCESS)
		nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
	return mosquitto_loop_forever(m, -1, 1) == MOSQ_ERR_SUCCESS ? 0 : 1;
}
