/* SPDX-License-Identifier: MIT */
/* What a run tells about itself: one page that needs nothing beside it and runs nothing. */
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/run-curve.h"
#include "util/macro.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\">\n"
	"<style>\n"
	":root { color-scheme: light dark; }\n"
	"body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; "
	"padding: 0 1rem; }\n"
	"svg { width: 100%; height: auto; }\n"
	"svg text { font-size: 12px; fill: currentColor; }\n"
	"polyline { fill: none; stroke-width: 2; }\n"
	".grid { stroke: currentColor; opacity: .15; }\n"
	".train { stroke: #3584e4; } .held { stroke: #e66100; }\n"
	".base { stroke: currentColor; stroke-dasharray: 6 4; }\n"
	"i.train, i.held, i.base { display: inline-block; width: 1.5em; height: 0; "
	"border-top: 2px solid; vertical-align: middle; }\n"
	"i.train { color: #3584e4; } i.held { color: #e66100; } "
	"i.base { border-top-style: dashed; }\n"
	"table { border-collapse: collapse; }\n"
	"td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }\n"
	"td { white-space: pre-wrap; overflow-wrap: anywhere; }\n"
	"th { white-space: nowrap; font-weight: 600; }\n"
	"section { border-top: 1px solid #8884; margin-top: 1rem; }\n"
	"</style>\n";

static int put_text(struct buf *html, const char *before, const struct buf *text,
		    const char *behind)
{
	int r = buf_append_str(html, before);

	if (r == 0)
		r = html_text(html, text->data, text->len);
	return r < 0 ? r : buf_append_str(html, behind);
}

static int put_title(const struct run *r, const struct train_done *done, struct buf *html)
{
	const struct buf *title = r->begin->title.len ? &r->begin->title : &r->begin->name;
	int err = buf_append_str(html, head);

	if (err == 0)
		err = put_text(html, "<title>", title, "</title>\n</head>\n<body>\n");
	if (err == 0)
		err = put_text(html, "<h1>", title, "</h1>\n");
	return err < 0 ? err : put_text(html, "<p><strong>", &done->text, "</strong></p>\n");
}

static int put_curve(const struct run *r, struct buf *html)
{
	int err = buf_append_str(html, "<h2>Losses</h2>\n<p>Nats per token, over the steps: "
				 "<i class=\"train\"></i> what it learns from, <i class=\"held\">"
				 "</i> what is held out, <i class=\"base\"></i> the base alone on "
				 "that.</p>\n");

	return err < 0 ? err : run_curve_svg(r, html);
}

/* A row of the table: @value is a number or words of ours. */
__attribute__((format(printf, 3, 4)))
static int put_row(struct buf *html, const char *name, const char *format, ...)
{
	va_list args;
	int r = buf_printf(html, "<tr><th>%s</th><td>", name);

	va_start(args, format);
	if (r == 0)
		r = buf_vprintf(html, format, args);
	va_end(args);
	return r < 0 ? r : buf_append_str(html, "</td></tr>\n");
}

int run_put_skipped(const struct dataset *s, struct buf *text)
{
	size_t n, all = dataset_n_skipped(s);
	const unsigned long *lines = dataset_skipped(s, &n);
	int r = buf_printf(text, "%zu (line", all);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = buf_printf(text, "%s %lu", i ? "," : "", lines[i]);
	return r < 0 ? r : buf_append_str(text, all > n ? ", \u2026)" : ")");
}

static int put_skipped(const struct dataset *s, const char *name, struct buf *html)
{
	int r = dataset_n_skipped(s) ? buf_printf(html, "<tr><th>%s</th><td>", name) : 0;

	if (r < 0 || !dataset_n_skipped(s))
		return r;
	r = run_put_skipped(s, html);
	return r < 0 ? r : buf_append_str(html, "</td></tr>\n");
}

static int put_data(const struct run *r, struct buf *html)
{
	int err = put_row(html, "Rows to learn from", "%zu, %llu tokens in %zu rows of %u",
			  r->n_train, (unsigned long long)packing_n_tokens(r->train_rows),
			  packing_n_rows(r->train_rows), r->plan.context);

	if (err == 0)
		err = put_row(html, "Rows held out", "%zu, %llu tokens%s", r->n_held,
			      (unsigned long long)packing_n_tokens(r->held_rows),
			      r->own_held ? ", of a file of its own" : "");
	if (err == 0)
		err = put_skipped(r->rows, "Rows left out, too long", html);
	return err < 0 || !r->own_held ? err
		: put_skipped(r->own_held, "Held out, left out, too long", html);
}

static int put_figures(const struct run *r, const struct train_done *done, struct buf *html)
{
	const struct run_plan *p = &r->plan;
	const struct run_state *s = &r->state;
	char hex[DIGEST_HEX_LEN + 1];
	int err = buf_append_str(html, "<h2>Figures</h2>\n<table>\n");

	if (err < 0 || (err = put_data(r, html)) < 0 ||
	    (err = put_row(html, "Loss, the base alone", "%.4f", s->base)) < 0 ||
	    (err = put_row(html, "Loss, with the adapter", "%.4f", s->best)) < 0 ||
	    (err = put_row(html, "Better by", "%.4f, standard error %.4f; asked for was more than "
			   "%.4f", s->base - s->best, r->gate.error, r->gate.margin)) < 0 ||
	    (err = put_row(html, "Steps", "%llu of at most %llu, the best after %llu",
			   (unsigned long long)s->step, (unsigned long long)p->total,
			   (unsigned long long)s->best_step)) < 0 ||
	    (err = put_row(html, "Rows of a step", "%u", p->rows)) < 0 ||
	    (err = put_row(html, "Rank, alpha", "%u, %g", p->rank, (double)p->alpha)) < 0 ||
	    (err = put_row(html, "Learning rate", "%g", (double)p->rate)) < 0 ||
	    (err = put_row(html, "Seed", "%llu", (unsigned long long)p->seed)) < 0)
		return err;
	if (done->better)
		err = put_row(html, "Canaries", "%u", done->n_canaries);
	digest_to_hex(&r->digests.identity.weights, hex);
	if (err == 0)
		err = put_row(html, "Weights of the base", "%s", hex);
	return err < 0 ? err : buf_append_str(html, "</table>\n");
}

static int put_example(const struct run_example *e, struct buf *html)
{
	const struct {
		const char *name;
		const struct buf *text;
	} rows[] = { { "Question", &e->question }, { "Expected", &e->expected },
		     { "The base", &e->base }, { "The adapter", &e->adapted } };
	int r = buf_append_str(html, "<section><table>\n");

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		r = buf_printf(html, "<tr><th>%s</th>", rows[i].name);
		if (r == 0)
			r = put_text(html, "<td>", rows[i].text, "</td></tr>\n");
	}
	return r < 0 ? r : buf_append_str(html, "</table></section>\n");
}

int run_report(const struct run *r, const struct train_done *done,
	       const struct run_example *examples, size_t n, struct buf *html)
{
	int err = put_title(r, done, html);

	if (err == 0)
		err = put_curve(r, html);
	if (err == 0)
		err = put_figures(r, done, html);
	if (err == 0)
		err = buf_append_str(html, "<h2>Answers to rows that were held out</h2>\n"
				     "<p>The first ones, not chosen.</p>\n");
	for (size_t i = 0; err == 0 && i < n; i++)
		err = put_example(&examples[i], html);
	return err < 0 ? err : buf_append_str(html, "</body>\n</html>\n");
}
