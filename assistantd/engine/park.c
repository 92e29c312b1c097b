/* SPDX-License-Identifier: MIT */
/*
 * Room for KV caches. Where it is used up, an interactive request takes that of one of the
 * background, which is parked: it keeps what it wrote, and what it computed as long as nobody
 * needs the room; the rest it reads again once there is room.
 * That happens to each at most once; and when one has been parked for long, nobody else is let
 * in before it, so that a flow of interactive requests cannot keep it out.
 */
#include "assistantd/engine/scheduler-private.h"

#define PARKED_MAX 512	/* passes */

static void park(struct scheduler *s, struct request *r)
{
	request_park(r);
	if (!s->parked_since)
		s->parked_since = s->passes + 1;
}

bool scheduler_park_one(struct scheduler *s)
{
	for (size_t i = s->n_requests; i-- > 0;) {
		struct request *r = s->requests[i];

		if (r->lane != 0 || r->was_parked || request_parked(r))
			continue;
		park(s, r);
		r->was_parked = true;
		return true;
	}
	return false;
}

bool scheduler_make_way(struct scheduler *s, struct request *r)
{
	if (request_has_come_on(r)) {
		park(s, r);
		return true;
	}
	scheduler_tell_failed(s, r->id, ENGINE_E_BUSY, NULL,
			      "no room for the request beside those that run");
	scheduler_drop(s, r);
	return false;
}

/* Where nobody runs whose end would make room: pinned adapters have taken it meanwhile. */
static void give_up_one(struct scheduler *s)
{
	for (size_t i = 0; i < s->n_requests; i++)
		if (!request_parked(s->requests[i]))
			return;
	if (!s->n_requests)
		return;
	scheduler_tell_failed(s, s->requests[0]->id, ENGINE_E_BUSY, NULL,
			      "its room was taken by adapters that stay in memory");
	scheduler_drop(s, s->requests[0]);
}

void scheduler_resume(struct scheduler *s)
{
	bool parked = false;

	if (!s->parked_since)
		return;
	for (size_t i = 0; i < s->n_requests; i++) {
		struct request *r = s->requests[i];

		/* The first for which there is no room keeps those behind it waiting. */
		if (request_parked(r) && !parked)
			parked = request_resume(r) < 0;
		else
			parked |= request_parked(r);
	}
	if (!parked)
		s->parked_since = 0;
	give_up_one(s);
}

bool scheduler_lets_in(const struct scheduler *s)
{
	return !s->parked_since || s->passes < s->parked_since + PARKED_MAX;
}
