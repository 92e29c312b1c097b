/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/suspects.h"

#include "util/digest.h"

int suspects_fingerprint(const struct engine_start *start, const struct buf *texts,
			 struct digest *ret)
{
	_cleanup_(digest_stream_freep) struct digest_stream *stream = NULL;
	int r = digest_stream_new(&stream);

	for (uint32_t i = 0; r == 0 && i < start->n_uses; i++)
		r = digest_stream_update(stream, start->uses[i].digest.bytes,
					 sizeof(start->uses[i].digest.bytes));
	for (uint32_t i = 0; r == 0 && i < start->n_segments; i++) {
		const struct engine_segment *s = &start->segments[i];
		const uint64_t head[2] = { s->role, s->text.len };

		r = digest_stream_update(stream, head, sizeof(head));
		if (r == 0 && s->text.len)
			r = digest_stream_update(stream, s->text.data, s->text.len);
	}
	if (r == 0 && texts && texts->len)
		r = digest_stream_update(stream, texts->data, texts->len);
	return r < 0 ? r : digest_stream_finish(stream, ret);
}

static int find(const struct suspects *s, const struct digest *fingerprint)
{
	for (int i = 0; i < SUSPECTS_MAX; i++)
		if (s->entries[i].strikes && digest_equal(&s->entries[i].fingerprint, fingerprint))
			return i;
	return -1;
}

void suspects_crash(struct suspects *s)
{
	s->crash++;
}

void suspects_blame(struct suspects *s, const struct digest *fingerprint)
{
	int i = find(s, fingerprint);

	if (i < 0) {
		i = (int)s->next;
		s->next = (s->next + 1) % SUSPECTS_MAX;
		s->entries[i].fingerprint = *fingerprint;
		s->entries[i].strikes = 0;
		s->entries[i].crash = 0;
	}
	if (s->entries[i].crash != s->crash)
		s->entries[i].strikes++;
	s->entries[i].crash = s->crash;
}

void suspects_clear(struct suspects *s, const struct digest *fingerprint)
{
	int i = find(s, fingerprint);

	if (i >= 0)
		s->entries[i].strikes = 0;
}

bool suspects_refused(const struct suspects *s, const struct digest *fingerprint)
{
	int i = find(s, fingerprint);

	return i >= 0 && s->entries[i].strikes >= SUSPECTS_STRIKES;
}
