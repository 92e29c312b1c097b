/* SPDX-License-Identifier: MIT */
#include "tests/base_model/sample.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/fixture.h"
#include "util/macro.h"

struct sampler_state {
	const struct sample *s;
	const char *more;
	struct gguf_writer *w;
	uint64_t seed;
	void *blocks[256];
	size_t n_blocks;
};

/* The next word of @text into @word; false past the last. */
static bool next_word(const char **text, char *word, size_t size)
{
	size_t len;

	*text += strspn(*text, " ");
	len = strcspn(*text, " ");
	ck_assert_uint_lt(len, size);
	memcpy(word, *text, len);
	word[len] = '\0';
	*text += len;
	return len != 0;
}

static bool has_key(const char *text, const char *suffix)
{
	char word[200];

	while (next_word(&text, word, sizeof(word)))
		if (strncmp(word, suffix, strlen(suffix)) == 0 &&
		    strchr("=", word[strlen(suffix)]))
			return true;
	return false;
}

static void put_array(struct gguf_writer *w, const char *key, const char *value)
{
	uint32_t numbers[16];
	uint8_t flags[16];
	size_t n = 0;

	if (*value == 'B') {
		for (; value[1 + n]; n++)
			flags[n] = value[1 + n] == '1';
		ck_assert_int_eq(gguf_writer_array(w, key, GGUF_TYPE_BOOL, flags, n), 0);
		return;
	}
	for (char *at = (char *)value + 1; *at && n < ARRAY_SIZE(numbers); at += *at == ',')
		numbers[n++] = (uint32_t)strtol(at, &at, 0);
	ck_assert_int_eq(gguf_writer_array(w, key, *value == 'I' ? GGUF_TYPE_I32 : GGUF_TYPE_U32,
					   numbers, n), 0);
}

static void put_key(struct sampler_state *state, const char *suffix, const char *value)
{
	struct gguf_writer *w = state->w;
	char key[256];
	int r = 0;

	if (*suffix == '.')
		snprintf(key, sizeof(key), "%s", suffix + 1);
	else
		snprintf(key, sizeof(key), "%s.%s", state->s->architecture, suffix);
	switch (*value) {
	case 'u':
		r = gguf_writer_u32(w, key, (uint32_t)strtoul(value + 1, NULL, 0));
		break;
	case 'f':
		r = gguf_writer_f32(w, key, strtof(value + 1, NULL));
		break;
	case 'b':
		r = gguf_writer_bool(w, key, value[1] == '1');
		break;
	case 's':
		r = gguf_writer_str(w, key, value + 1, strlen(value + 1));
		break;
	default:
		put_array(w, key, value);
	}
	ck_assert_int_eq(r, 0);
}

static void put_keys(struct sampler_state *state, const char *text, const char *but)
{
	char word[200], *equal;

	while (next_word(&text, word, sizeof(word))) {
		equal = strchr(word, '=');
		if (!equal)
			continue;
		*equal = '\0';
		if (!has_key(but, word))
			put_key(state, word, equal + 1);
	}
}

static const struct sample_layer *layer_of(const struct sample *s, uint32_t layer)
{
	return layer == 1 && s->second.heads ? &s->second : &s->first;
}

static void put_shape(struct sampler_state *state)
{
	const struct sample *s = state->s;
	const struct sample_layer *a = layer_of(s, 0), *b = layer_of(s, 1);
	char text[512], words[768];

	if (s->second.heads)
		snprintf(text, sizeof(text), "attention.head_count=I%u,%u "
			 "attention.head_count_kv=U%u,%u feed_forward_length=U%u,%u", a->heads,
			 b->heads, a->kv_heads, b->kv_heads, a->ffn, b->ffn);
	else
		snprintf(text, sizeof(text), "attention.head_count=u%u attention.head_count_kv=u%u "
			 "feed_forward_length=u%u", a->heads, a->kv_heads, a->ffn);
	snprintf(words, sizeof(words), "%s block_count=u%u embedding_length=u%u "
		 "context_length=u%u attention.key_length=u%u attention.value_length=u%u "
		 "rope.dimension_count=u%u", text, s->layers, SAMPLE_DIM, SAMPLE_CONTEXT,
		 SAMPLE_HEAD_DIM, SAMPLE_HEAD_DIM, s->rope_dim ? s->rope_dim : SAMPLE_HEAD_DIM);
	/* A word of @more wins over the sample's, and any over what every file has. */
	snprintf(text, sizeof(text), "%s %s", s->keys, state->more);
	put_keys(state, words, text);
	put_keys(state, s->keys, state->more);
	put_keys(state, state->more, "");
}

/* "Q+2K" */
static uint64_t length_of(const struct sample *s, const struct sample_layer *l, const char **at)
{
	uint64_t sum = 0, value;
	char *end;

	do {
		uint64_t factor = strtoull(*at, &end, 10);

		factor = end == *at ? 1 : factor;
		value = *end == 'D' ? SAMPLE_DIM : *end == 'H' ? SAMPLE_HEAD_DIM :
			*end == 'V' ? SAMPLE_VOCAB : *end == 'N' ? l->heads :
			*end == 'M' ? l->kv_heads : *end == 'F' ? l->ffn :
			*end == 'Q' ? l->heads * SAMPLE_HEAD_DIM :
			*end == 'K' ? l->kv_heads * SAMPLE_HEAD_DIM :
			(s->rope_dim ? s->rope_dim : SAMPLE_HEAD_DIM) / 2;
		sum += factor * value;
		*at = end + 2;
	} while (end[1] == '+');
	*at = end + 1;
	return sum;
}

/* Norms near 1, factors of frequencies above 1, the rest around 0. */
static void fill(float *x, size_t n, const char *name, uint64_t *seed)
{
	bool norm = strstr(name, "norm.weight"), factors = strncmp(name, "rope_", 5) == 0;

	for (size_t i = 0; i < n; i++) {
		float r = fixture_random(seed);

		x[i] = norm ? 1.0f + 0.5f * r : factors ? 2.5f + 1.5f * r : 0.3f * r;
	}
}

static void put_tensor(struct sampler_state *state, const char *name, const uint64_t *ne)
{
	bool norm = strstr(name, "norm") || ne[1] == 1;
	enum tensor_type type = norm ? TENSOR_F32 : state->s->type;
	uint64_t rows = ne[1] * ne[2];
	size_t row_size = tensor_row_size(type, ne[0]), n = (size_t)(ne[0] * rows);
	uint8_t *data = calloc(rows, row_size);
	float *floats = calloc(n, sizeof(*floats));

	ck_assert(data && floats && state->n_blocks < ARRAY_SIZE(state->blocks));
	fill(floats, n, name, &state->seed);
	if (state->s->poisoned && strcmp(name, state->s->poisoned) == 0)
		floats[n - 1] = 0.0f;
	for (uint64_t row = 0; row < rows; row++)
		ck_assert_int_eq(bm_quantize_row(type, floats + row * ne[0], NULL, ne[0],
						 data + row * row_size), 0);
	free(floats);
	state->blocks[state->n_blocks++] = data;
	ck_assert_int_eq(gguf_writer_tensor(state->w, name, type, ne[2] > 1 ? 3 : 1 + (ne[1] > 1),
					    ne, data), 0);
}

static void put_tensors(struct sampler_state *state, const char *text, const char *prefix,
			const struct sample_layer *l)
{
	char word[100], name[128];

	while (next_word(&text, word, sizeof(word))) {
		char *colon = strchr(word, ':');
		const char *at = colon + 1;
		uint64_t ne[3] = { 1, 1, 1 };

		*colon = '\0';
		ne[0] = length_of(state->s, l, &at);
		for (int i = 1; i < 3 && *at == ','; i++) {
			at++;
			ne[i] = length_of(state->s, l, &at);
		}
		snprintf(name, sizeof(name), "%s%s", prefix, word);
		put_tensor(state, name, ne);
	}
}

int sample_fd(const struct sample *s, const char *more)
{
	struct sampler_state state = { .s = s, .more = more, .seed = 7 };
	int fd = memfd_create("sample", MFD_CLOEXEC);
	char prefix[16];

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(gguf_writer_new(&state.w), 0);
	ck_assert_int_eq(gguf_writer_str(state.w, "general.architecture", s->architecture,
					 strlen(s->architecture)), 0);
	put_shape(&state);
	put_tensors(&state, s->tensors, "", &s->first);
	for (uint32_t i = 0; i < s->layers; i++) {
		snprintf(prefix, sizeof(prefix), "blk.%u.", i);
		put_tensors(&state, s->layer_tensors, prefix, layer_of(s, i));
	}
	ck_assert_int_eq(gguf_writer_write(state.w, fd), 0);
	gguf_writer_free(state.w);
	while (state.n_blocks)
		free(state.blocks[--state.n_blocks]);
	return fd;
}

struct bm_model *sample_open(const struct sample *s, unsigned threads)
{
	struct bm_params params = { .threads = threads, .max_batch = 64 };
	_cleanup_close_ int fd = sample_fd(s, "");
	struct diag d = DIAG_NULL;
	struct bm_model *m = NULL;

	ck_assert_msg(bm_model_open_fd(&m, fd, &params, &d) == 0, "%s: %s: %s", s->architecture,
		      d.field, d.text);
	return m;
}

void sample_refused(const struct sample *s, const char *more, enum diag_code code,
		    const char *field)
{
	struct bm_params params = { .threads = 1 };
	_cleanup_close_ int fd = sample_fd(s, more);
	struct diag d = DIAG_NULL;
	struct bm_model *m = NULL;

	ck_assert_msg(bm_model_open_fd(&m, fd, &params, &d) == -EINVAL, "%s %s", s->architecture,
		      more);
	ck_assert_msg(d.code == code && strcmp(d.field, field) == 0, "%s %s: %s %s: %s",
		      s->architecture, more, diag_code_name(d.code), d.field, d.text);
	ck_assert_ptr_null(m);
}
