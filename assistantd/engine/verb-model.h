/* SPDX-License-Identifier: MIT */
/* A model with adapters, as the verbs' options name them. */
#pragma once

#include <stdint.h>

#include "adapters/adapters.h"
#include "base_model/base_model.h"

#define VERB_MAX_ADAPTERS ADAPTER_USES_MAX

struct verb_model {
	struct bm_model *model;
	size_t n_adapters;
	struct adapter *adapters[VERB_MAX_ADAPTERS];
	const struct bm_delta *deltas[VERB_MAX_ADAPTERS];
	float scales[VERB_MAX_ADAPTERS];
	/* The model's or an adapter's; NULL: the file has none. */
	const struct tokenizer *tokenizer;
	uint32_t n_extra;	/* tokens that an adapter brings */
};

struct verb_options {
	unsigned threads;	/* --threads N or -t N */
	uint32_t context;	/* --ctx N; 0: the model's */
	size_t n_loras;
	char *loras[VERB_MAX_ADAPTERS];	/* --lora FILE[:SCALE] */
};

/* Defaults: as many threads as CPUs, at most 64. */
void verb_options_init(struct verb_options *o);
/* Takes `--lora X`, `--threads N` and such at argv[i]: how many words it took, 0 when it is
 * none of these, -EINVAL when the value is wrong (said on stderr). */
int verb_options_take(struct verb_options *o, int argc, char **argv, int i);
/* A whole number from @min to @max; false (said on stderr) otherwise. */
bool verb_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* An option of one verb: the pointer that is set says what its value is. */
struct verb_option {
	const char *name;
	const char **text;
	uint64_t *number, min, max;
	float *real;
	bool *flag;		/* takes no value */
};

/* Takes one of @n options at argv[i]: how many words it took, 0 when it is none of them or its
 * value is wrong, which is said on stderr. */
int verb_option_take(const struct verb_option *own, size_t n, int argc, char **argv, int i);
/* Reads `VERB MODEL [OPTION]…`: the options that all verbs have into @common, @n more as @own
 * says. False when the command line is not of that form; wrong values are said on stderr. */
bool verb_parse(int argc, char **argv, const char **model, struct verb_options *common,
		const struct verb_option *own, size_t n);
/* VERB_OK, or the status to exit with after saying why. */
int verb_model_init(struct verb_model *vm, const char *path, const struct verb_options *o);
/* Room for the logits of one writer's pass, or NULL. */
float *verb_model_logits(const struct verb_model *vm);
/* All adapters, as a text that begins with @prompt [@n] uses them: 0; -EEXIST, -ENOTUNIQ and
 * -ENOENT with @d. */
int verb_model_uses(const struct verb_model *vm, const int32_t *prompt, size_t n,
		    struct adapter_uses *ret, struct diag *d);
/* One pass for one writer: fills @item; 0 or the error of bm_forward(). */
int verb_model_pass(struct verb_model *vm, struct adapter_uses *uses, struct bm_writer *w,
		    float *logits, struct bm_item *item);
void verb_model_deinit(struct verb_model *vm);
