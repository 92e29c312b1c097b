/* SPDX-License-Identifier: MIT */
/* Some of the rows that are held out, with what the base alone and the adapter answer. */
#include <errno.h>
#include <string.h>

#include "adapters/train/row.h"
#include "assistantd/engine/run-private.h"
#include "util/file.h"
#include "util/macro.h"

enum { ANSWER_TOKENS = 160 };

static int append_json(struct buf *b, const json_t *text)
{
	return buf_append(b, json_string_value(text), json_string_length(text));
}

/* Reads the line of an example again. */
static int read_texts(const struct run *r, size_t example, struct run_example *ret)
{
	int fd = r->held == r->rows ? r->begin->data_fd : r->begin->held_out_fd;
	struct dataset_example e = dataset_example(r->held, example);
	_cleanup_free_ char *line = malloc(e.length);
	_cleanup_(row_deinit) struct row row = ROW_NULL;
	int err = line ? file_read_at(fd, line, e.length, e.offset, NULL) : -ENOMEM;

	if (err == 0)
		err = row_parse(&row, line, e.length, NULL);
	if (err == 0)
		err = append_json(&ret->question, row_question(&row));
	return err < 0 ? err : append_json(&ret->expected, row_answer(&row));
}

static int answer(struct run *r, const struct adapter *a, struct run_example *examples, size_t n)
{
	struct answer_prompt prompts[RUN_EXAMPLES] = { { .n = 0 } };
	struct buf texts[RUN_EXAMPLES] = { BUF_NULL };
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		struct dataset_example e = dataset_example(r->held, r->held_which[i]);

		prompts[i] = (struct answer_prompt){ e.ids, e.prompt, ANSWER_TOKENS };
	}
	for (int adapted = 0; err == 0 && adapted < 2; adapted++) {
		err = answers_write(texts, r->model, a, adapted ? 1.0f : 0.0f, prompts, n,
				    &r->stop, &r->d);
		for (size_t i = 0; i < n; i++) {
			*(adapted ? &examples[i].adapted : &examples[i].base) = texts[i];
			texts[i] = (struct buf)BUF_NULL;
		}
	}
	return err;
}

int run_examples(struct run *r, const struct adapter *a, struct run_example *ret, size_t *n)
{
	int err = 0;

	*n = MIN(r->n_held, (size_t)RUN_EXAMPLES);
	for (size_t i = 0; i < *n; i++)
		ret[i] = (struct run_example){ .question = BUF_NULL };
	for (size_t i = 0; err == 0 && i < *n; i++)
		err = read_texts(r, r->held_which[i], &ret[i]);
	return err < 0 ? err : answer(r, a, ret, *n);
}

void run_example_deinit(struct run_example *e)
{
	buf_deinit(&e->question);
	buf_deinit(&e->expected);
	buf_deinit(&e->base);
	buf_deinit(&e->adapted);
}
