/* SPDX-License-Identifier: MIT */
/* The configuration, its errors, and the example that documents it. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/config.h"
#include "tests/check-main.h"
#include "util/cleanup.h"
#include "util/macro.h"

static void write_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static const struct {
	const char *text, *place, *says;
} broken[] = {
	{ "modle: {}\n", "1:1", "modle" },
	{ "model:\n  threads: 0\n", "2:12", "1 to 64" },
	{ "model: fast\n", "1:8", "mapping" },
	{ "sandbox: maybe\n", "1:10", "require or allow" },
	{ "requests: {running: many}\n", "1:21", "1 to 32" },
	{ "history:\n  keep_text: yes\n", "2:14", "true or false" },
	{ "actions: {undo_minutes: 0}\n", "1:25", "1 to 1440" },
	{ "home:\n  port: 70000\n", "2:9", "0 to 65535" },
	{ "home: {broker: a, broker: b}\n", "1:19", "broker" },
	{ "adapters: {require_signature: 1}\n", "1:31", "true or false" },
	{ "adapters:\n  trusted_keys: maker.pub\n", "2:17", "a list" },
	{ "adapters:\n  trusted_keys: [{a: b}]\n", "2:18", "a single value" },
	{ "languages: en\n", "1:12", "a list" },
	{ "languages: []\n", "1:12", "at least one" },
	{ "languages: [../en]\n", "1:13", "code of a language" },
	{ "languages: [de, en, fr]\n", "1:21", "more than 2" },
	{ "training: {threads: 65}\n", "1:21", "1 to 64" },
	{ "training: {on_battery: often}\n", "1:24", "true or false" },
	{ "training: {rank: 16}\n", "1:12", "rank" },
	{ "model: [\n", NULL, "" },
};

START_TEST(names_what_is_wrong)
{
	char path[] = "/tmp/config.XXXXXX";
	struct diag d = DIAG_NULL;
	struct config c;

	write_file(path, broken[_i].text);
	ck_assert_int_eq(config_read(&c, path, &d), -EINVAL);
	if (broken[_i].place)
		ck_assert_str_eq(d.field, broken[_i].place);
	ck_assert_msg(strstr(d.text, broken[_i].says), "%s", d.text);
	unlink(path);
}
END_TEST

START_TEST(reads)
{
	char path[] = "/tmp/config.XXXXXX";
	struct diag d = DIAG_NULL;
	struct config c;

	write_file(path, "model: {path: /a b/c.gguf, threads: 3, memory_mib: 9, cache: q8_0}\n"
		   "adapters: {budget_mib: 7, trusted_keys: [/a.pub, /b.pub], "
		   "require_signature: true}\n"
		   "sandbox: require\nrequests: {running: 2, timeout_ms: 1000}\n"
		   "history: {keep_text: false}\nactions: {undo_minutes: 3}\n"
		   "languages: [de, pt-br]\ntraining: {threads: 5, on_battery: true}\n"
		   "home: {broker: /run/x, port: 0}\n");
	ck_assert_int_eq(config_read(&c, path, &d), 0);
	ck_assert_str_eq(c.model, "/a b/c.gguf");
	ck_assert_uint_eq(c.threads, 3);
	ck_assert_uint_eq(c.training_threads, 5);
	ck_assert(c.training_on_battery);
	ck_assert_uint_eq(c.memory_budget, 9 << 20);
	ck_assert(c.kv_q8_0);
	ck_assert_uint_eq(c.adapter_budget, 7 << 20);
	ck_assert_int_eq(c.undo_ms, 180000);
	ck_assert_uint_eq(c.n_trusted_keys, 2);
	ck_assert_str_eq(c.trusted_keys[1], "/b.pub");
	ck_assert(c.require_signature && c.require_sandbox && !c.keep_text);
	ck_assert_uint_eq(c.running_max, 2);
	ck_assert_uint_eq(c.timeout_ms, 1000);
	ck_assert_uint_eq(c.broker_port, 0);
	ck_assert_uint_eq(c.n_languages, 2);
	ck_assert_str_eq(c.languages[0], "de");
	ck_assert_str_eq(c.languages[1], "pt-br");
	config_deinit(&c);
	unlink(path);
	ck_assert_int_eq(config_read(&c, path, &d), 0);
	ck_assert_uint_eq(c.timeout_ms, 20000);
	config_deinit(&c);
}
END_TEST

/* The example shows the defaults; with every comment sign in front of a key taken away, every
 * key that it shows exists. */
START_TEST(the_example_holds)
{
	char path[512], fresh[] = "/tmp/config.XXXXXX", line[512], text[8192] = "";
	struct diag d = DIAG_NULL;
	struct config plain, all, defaults;
	FILE *f;

	snprintf(path, sizeof(path), "%s/examples/assistantd.yaml", getenv("srcdir"));
	ck_assert_msg(config_read(&plain, path, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_int_eq(config_init(&defaults), 0);
	ck_assert_uint_eq(plain.memory_budget, defaults.memory_budget);
	ck_assert_uint_eq(plain.adapter_budget, defaults.adapter_budget);
	ck_assert_uint_eq(plain.running_max, defaults.running_max);
	ck_assert_uint_eq(plain.caller_running_max, defaults.caller_running_max);
	ck_assert_uint_eq(plain.queued_max, defaults.queued_max);
	ck_assert_uint_eq(plain.caller_queued_max, defaults.caller_queued_max);
	ck_assert_uint_eq(plain.timeout_ms, defaults.timeout_ms);
	ck_assert_uint_eq(plain.store_max_bytes, defaults.store_max_bytes);
	ck_assert_uint_eq(plain.broker_port, defaults.broker_port);
	ck_assert_str_eq(plain.discovery_prefix, defaults.discovery_prefix);
	ck_assert_uint_eq(plain.n_languages, defaults.n_languages);
	ck_assert_str_eq(plain.languages[0], defaults.languages[0]);
	ck_assert_int_eq(plain.require_sandbox, defaults.require_sandbox);
	ck_assert_int_eq(plain.keep_text, defaults.keep_text);
	ck_assert_int_eq(plain.require_signature, defaults.require_signature);
	ck_assert_uint_eq(plain.training_threads, defaults.training_threads);
	ck_assert_int_eq(plain.training_on_battery, defaults.training_on_battery);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		char *sign = strstr(line, "  # "), *colon = strchr(line, ':');

		if (sign && colon && !memchr(sign + 4, ' ', (size_t)(colon - sign - 4)))
			memmove(sign + 2, sign + 4, strlen(sign + 4) + 1);
		ck_assert_uint_lt(strlen(text) + strlen(line), sizeof(text));
		strcat(text, line);
	}
	fclose(f);
	write_file(fresh, text);
	d = (struct diag)DIAG_NULL;
	ck_assert_msg(config_read(&all, fresh, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_ptr_nonnull(all.model);
	ck_assert_ptr_nonnull(all.broker_host);
	ck_assert_uint_eq(all.threads, 4);
	unlink(fresh);
	config_deinit(&plain);
	config_deinit(&all);
	config_deinit(&defaults);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("config");

	tcase_add_loop_test(c, names_what_is_wrong, 0, ARRAY_SIZE(broken));
	tcase_add_test(c, reads);
	tcase_add_test(c, the_example_holds);
	return run_tests("config", c);
}
