/* SPDX-License-Identifier: MIT */
#include "base_model/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"
#include "util/utf8.h"

#define MAX_STOPS 16
#define MAX_STOP 256

struct bm_stream {
	size_t n_stops;
	char *stops[MAX_STOPS];
	size_t lengths[MAX_STOPS];
	struct buf held;
	bool stopped;
};

int bm_stream_new(struct bm_stream **ret, const char *const *stops, size_t n_stops)
{
	_cleanup_(bm_stream_freep) struct bm_stream *s = NULL;

	if (n_stops > MAX_STOPS)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	for (; s->n_stops < n_stops; s->n_stops++) {
		size_t len = strlen(stops[s->n_stops]);

		if (len < 1 || len > MAX_STOP)
			return -EINVAL;
		s->lengths[s->n_stops] = len;
		s->stops[s->n_stops] = strdup(stops[s->n_stops]);
		if (!s->stops[s->n_stops])
			return -ENOMEM;
	}
	*ret = TAKE(s);
	return 0;
}

struct bm_stream *bm_stream_free(struct bm_stream *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_stops; i++)
		free(s->stops[i]);
	buf_deinit(&s->held);
	free(s);
	return NULL;
}

/* Where the first stop string begins, or the length of the held bytes. */
static size_t find_stop(const struct bm_stream *s)
{
	size_t first = s->held.len;

	for (size_t i = 0; i < s->n_stops; i++) {
		const char *at = memmem(s->held.data, s->held.len, s->stops[i], s->lengths[i]);

		if (at)
			first = MIN(first, (size_t)(at - s->held.data));
	}
	return first;
}

/* Bytes at the end that could become a stop string. */
static size_t stop_tail(const struct bm_stream *s)
{
	size_t longest = 0;

	for (size_t i = 0; i < s->n_stops; i++)
		for (size_t n = MIN(s->lengths[i] - 1, s->held.len); n > longest; n--)
			if (memcmp(s->held.data + s->held.len - n, s->stops[i], n) == 0) {
				longest = n;
				break;
			}
	return longest;
}

/* The first @len held bytes to @out, well-formed. */
static int show(struct bm_stream *s, size_t len, struct buf *out)
{
	const char *at = s->held.data;
	size_t left = len, size;
	int r = 0;

	while (left && r == 0) {
		if (utf8_decode(at, left, &size) == UTF8_INVALID)
			r = buf_append_str(out, "\xef\xbf\xbd");
		else
			r = buf_append(out, at, size);
		at += size;
		left -= size;
	}
	if (len) {
		s->held.len -= len;
		memmove(s->held.data, s->held.data + len, s->held.len + 1);
	}
	return r;
}

int bm_stream_push(struct bm_stream *s, const char *bytes, size_t len, struct buf *out)
{
	size_t stop, hold;
	int r;

	if (s->stopped)
		return 0;
	r = buf_append(&s->held, bytes, len);
	if (r < 0)
		return r;
	stop = find_stop(s);
	if (stop < s->held.len) {
		s->stopped = true;
		r = show(s, stop, out);
		buf_reset(&s->held);
		return r;
	}
	hold = MAX(stop_tail(s), utf8_incomplete_tail(s->held.data, s->held.len));
	/* A held stop string may begin inside a sequence; then the sequence waits too. */
	hold += utf8_incomplete_tail(s->held.data, s->held.len - hold);
	return show(s, s->held.len - hold, out);
}

int bm_stream_push_tokens(struct bm_stream *s, const struct tokenizer *t, const int32_t *tokens,
			  size_t n, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = tokenizer_piece(t, tokens[i], &bytes);
	if (r < 0 || bytes.len == 0)
		return r;
	return bm_stream_push(s, bytes.data, bytes.len, out);
}

bool bm_stream_stopped(const struct bm_stream *s)
{
	return s->stopped;
}

int bm_stream_finish(struct bm_stream *s, struct buf *out)
{
	return show(s, s->held.len, out);
}
