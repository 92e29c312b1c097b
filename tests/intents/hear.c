/* SPDX-License-Identifier: MIT */
/*
 * Sentences from standard input, one a line ("@AREA<tab>" before it: said in that area), are
 * heard in HOUSE by the sentences of all FOLDERs: for each, microseconds of processor time,
 * then what is understood, one line for each of the matches that are equally good, and an
 * empty line.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/intents/hearing.h"
#include "util/clock.h"

static void answer(const struct hearing *h, char *text, struct buf *out)
{
	const char *here = NULL;
	double before;

	if (*text == '@') {
		here = text + 1;
		text += strcspn(text, "\t");
		if (*text)
			*text++ = '\0';
	}
	before = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
	hear(h, text, here, out);
	printf("%.1f\n%s\n", 1e6 * (clock_seconds(CLOCK_THREAD_CPUTIME_ID) - before),
	       out->len ? out->data : "");
}

int main(int argc, char **argv)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	_cleanup_(hearing_closep) struct hearing *h = NULL;
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: hear HOUSE FOLDER...\n");
		return EXIT_FAILURE;
	}
	h = hearing_open(argv[1]);
	for (int i = 2; i < argc; i++)
		hearing_load(h, argv[i]);
	hearing_bind(h);
	while (getline(&line, &room, stdin) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		answer(h, line, &out);
	}
	return EXIT_SUCCESS;
}
