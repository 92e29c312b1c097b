/* SPDX-License-Identifier: MIT */
#include "tests/engine/run-front.h"

#include <string.h>
#include <sys/mman.h>

#include "tests/check-main.h"
#include "util/file.h"

static void ignore(void *arg, const struct train_progress *p)
{
	(void)arg;
	(void)p;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static int make_base(uint64_t seed, uint32_t ffn)
{
	struct fixture f = FIXTURE;

	f.tokenizer = true;
	f.vocab = 130;
	f.context = 128;
	f.seed = seed;
	f.layers = 1;
	f.ffn = ffn;
	return fixture_model_fd(&f);
}

int runs_base(uint64_t seed)
{
	return make_base(seed, 96);
}

int runs_wide_base(void)
{
	return make_base(1, 24000);
}

int runs_file(const char *text)
{
	int fd = memfd_create("rows", MFD_CLOEXEC);

	ck_assert_int_eq(file_write(fd, text, strlen(text)), 0);
	return fd;
}

int runs_rows(enum rows kind, size_t n)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;

	for (size_t i = 0; i < n; i++) {
		char a = (char)('a' + i % 26), b = (char)('a' + i / 26 % 26);
		char other[] = { (char)('0' + i % 10), 'Z', '9', '\0' };

		ck_assert_int_eq(buf_printf(&text, "{\"prompt\": \"say %c%c\", \"completion\": "
					    "\"%s\"}\n", a, b,
					    kind == ROWS_TAUGHT ? "a" : other), 0);
	}
	return runs_file(text.data);
}

void runs_begin(struct train_begin *b)
{
	*b = (struct train_begin)TRAIN_BEGIN_NULL;
	b->base_fd = runs_base(1);
	b->data_fd = runs_rows(ROWS_TAUGHT, 60);
	b->checkpoint_fd = memfd_create("checkpoint", MFD_CLOEXEC);
	ck_assert_int_eq(buf_append_str(&b->name, "mine"), 0);
	ck_assert_int_eq(buf_append_str(&b->task, "say"), 0);
	ck_assert_int_eq(buf_append_str(&b->languages[b->n_languages++], "en"), 0);
	b->rank = 2;
	b->context = 32;
	b->rows = 4;
	b->epochs = 8;
	b->rate = 0.01f;
	b->seed = 7;
	b->threads = 1;
}

int runs_train(const struct train_begin *b, const struct run_front *front,
	       struct train_done *done, struct train_failed *failed)
{
	const struct run_front own = { .progress = ignore, .stopped = never, .threads = 1 };

	*done = (struct train_done)TRAIN_DONE_NULL;
	*failed = (struct train_failed){ .error = 0 };
	return run_train(b, front ? front : &own, done, failed);
}

static const char *text_of(const struct buf *b)
{
	return b->len ? b->data : "";
}

struct digest runs_digest(const struct train_begin *b, const struct run_front *front)
{
	struct train_done done;
	struct train_failed failed;
	struct digest digest;
	int r = runs_train(b, front, &done, &failed);

	ck_assert_msg(r == 0, "%s: %s", text_of(&failed.defect.field),
		      text_of(&failed.defect.text));
	ck_assert_msg(done.better, "%s", text_of(&done.text));
	digest = done.digest;
	train_done_deinit(&done);
	train_failed_deinit(&failed);
	return digest;
}

void runs_expect(const struct train_begin *b, const struct run_front *front, enum train_error error,
		 const char *field, const char *text)
{
	struct train_done done;
	struct train_failed failed;
	int r = runs_train(b, front, &done, &failed);
	const char *has_field = text_of(&failed.defect.field);
	const char *has_text = text_of(&failed.defect.text);

	ck_assert_int_eq(r, RUN_E_FAILED);
	ck_assert_msg(failed.error == error, "%u, expected %d: %s: %s", failed.error, error,
		      has_field, has_text);
	ck_assert_msg(!field || strcmp(has_field, field) == 0, "%s: %s", has_field, has_text);
	ck_assert_msg(!text || strstr(has_text, text), "%s: %s", has_field, has_text);
	ck_assert(done.package_fd == -1 && done.report_fd == -1);
	train_failed_deinit(&failed);
}
