/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/run-curve.h"

#include <math.h>

#include "util/macro.h"
#include "util/utf8.h"

/* Of the picture, in its own units: room for numbers at the left and below. */
enum { WIDTH = 720, HEIGHT = 320, LEFT = 56, RIGHT = 12, TOP = 12, BOTTOM = 34 };

struct axes {
	double first, last;	/* steps */
	double low, high;	/* losses */
};

static int html_char(struct buf *html, const char *text, size_t size, uint32_t c)
{
	switch (c) {
	case '<':
		return buf_append_str(html, "&lt;");
	case '>':
		return buf_append_str(html, "&gt;");
	case '&':
		return buf_append_str(html, "&amp;");
	case '"':
		return buf_append_str(html, "&quot;");
	default:
		break;
	}
	if (c == UTF8_INVALID || (c < 0x20 && c != '\n' && c != '\t') ||
	    (c >= 0x7f && c < 0xa0))
		return buf_append_str(html, "\xef\xbf\xbd");
	return buf_append(html, text, size);
}

int html_text(struct buf *html, const char *text, size_t len)
{
	int r = 0;

	for (size_t at = 0, size; r == 0 && at < len; at += size) {
		uint32_t c = utf8_decode(text + at, len - at, &size);

		r = html_char(html, text + at, size, c);
	}
	return r;
}

static void widen(struct axes *a, const struct run_curve *c)
{
	for (size_t i = 0; i < c->n; i++) {
		a->low = fmin(a->low, c->points[i].loss);
		a->high = fmax(a->high, c->points[i].loss);
		a->last = fmax(a->last, (double)c->points[i].step);
	}
}

static double x_of(const struct axes *a, double step)
{
	return LEFT + (WIDTH - LEFT - RIGHT) * (step - a->first) / (a->last - a->first);
}

static double y_of(const struct axes *a, double loss)
{
	return TOP + (HEIGHT - TOP - BOTTOM) * (a->high - loss) / (a->high - a->low);
}

static int put_line(struct buf *html, const struct axes *a, const struct run_curve *c,
		    const char *name)
{
	int r = buf_printf(html, "<polyline class=\"%s\" points=\"", name);

	for (size_t i = 0; r == 0 && i < c->n; i++)
		r = buf_printf(html, "%.1f,%.1f ", x_of(a, (double)c->points[i].step),
			       y_of(a, c->points[i].loss));
	return r < 0 ? r : buf_append_str(html, "\"/>\n");
}

/* 1, 2 or 5 times a power of ten: what divides a range into four to ten parts. */
static double tick(double range)
{
	double unit = pow(10, floor(log10(range)));

	return range / unit >= 4 ? unit : range / unit >= 2 ? unit / 2 : unit / 5;
}

static int put_ticks(struct buf *html, const struct axes *a)
{
	double step = fmax(tick(a->last - a->first), 1), loss = tick(a->high - a->low);
	int r = 0;

	for (double x = 0; r == 0 && x <= a->last; x += step)
		r = buf_printf(html, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" "
			       "y2=\"%d\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f"
			       "</text>\n", x_of(a, x), x_of(a, x), TOP, HEIGHT - BOTTOM,
			       x_of(a, x), HEIGHT - BOTTOM + 18, x);
	for (double y = ceil(a->low / loss) * loss; r == 0 && y <= a->high; y += loss)
		r = buf_printf(html, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" "
			       "y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g"
			       "</text>\n", LEFT, WIDTH - RIGHT, y_of(a, y), y_of(a, y), LEFT - 6,
			       y_of(a, y) + 4, y);
	return r;
}

int run_curve_svg(const struct run *r, struct buf *html)
{
	const struct run_state *s = &r->state;
	struct axes a = { .last = 1, .low = s->base, .high = s->base };
	struct run_curve base = { 2, { { 0, s->base }, { 0, s->base } } };
	double room;
	int err;

	widen(&a, &s->train);
	widen(&a, &s->held_out);
	room = fmax(0.05 * (a.high - a.low), 1e-3);
	a.low = fmax(a.low - room, 0);	/* no loss is less */
	a.high += room;
	base.points[1].step = (uint64_t)a.last;
	err = buf_printf(html, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Losses over "
			 "the steps\">\n", WIDTH, HEIGHT);
	if (err == 0)
		err = put_ticks(html, &a);
	if (err == 0)
		err = put_line(html, &a, &base, "base");
	if (err == 0)
		err = put_line(html, &a, &s->train, "train");
	if (err == 0)
		err = put_line(html, &a, &s->held_out, "held");
	return err < 0 ? err : buf_append_str(html, "</svg>\n");
}
