/* SPDX-License-Identifier: MIT */
/* The command line of assistant-engine: one function per verb, argv[0] is the verb. */
#pragma once

#include <stddef.h>

#include "util/diag.h"

/* Exit statuses of every verb. */
enum verb_status {
	VERB_OK = 0,
	VERB_BAD_INPUT = 1,	/* one line `error: FILE: FIELD: what is wrong` on stderr */
	VERB_USAGE = 64,
};

int verb_generate(int argc, char **argv);
int verb_import(int argc, char **argv);
int verb_inspect(int argc, char **argv);
int verb_bench(int argc, char **argv);
int verb_chat(int argc, char **argv);
int verb_complete(int argc, char **argv);
int verb_detokenize(int argc, char **argv);
int verb_tokenize(int argc, char **argv);
int verb_logits(int argc, char **argv);
int verb_package(int argc, char **argv);
int verb_quantize(int argc, char **argv);
int verb_score(int argc, char **argv);
int verb_serve(int argc, char **argv);
int verb_train_base(int argc, char **argv);
int verb_train_lora(int argc, char **argv);
int verb_train_tokenizer(int argc, char **argv);
int verb_training(int argc, char **argv);
int verb_workshop(int argc, char **argv);

/* Prints the line and returns VERB_BAD_INPUT. */
int verb_fail(const char *file, const struct diag *d);
/* Calls @each for every line of standard input, with its end: VERB_OK, or the message of the first
 * result below 0, whose @d may say what is wrong, and VERB_BAD_INPUT. */
int verb_each_line(int (*each)(void *arg, const char *line, size_t len, struct diag *d),
		   void *arg);
/* Opens @path for reading without waiting for a writer; -1 with @d filled. */
int verb_open(const char *path, struct diag *d);
/*
 * A file beside @path that is to take its place when it is whole: the descriptor and *@fresh,
 * its name, which the caller frees; or -errno with @d filled.
 */
int verb_create(const char *path, char **fresh, struct diag *d);
/* @r is what writing it came to: with 0 it is renamed, else it goes. Returns @r, or the error of
 * the renaming with @d filled. */
int verb_place(const char *fresh, const char *path, int r, struct diag *d);
