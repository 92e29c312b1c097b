/* SPDX-License-Identifier: MIT */
/*
 * Lines of training data, as a stranger may write them. What is taken is examples of the
 * vocabulary that fit, of which something is learnt, and that stand in rows whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "adapters/train/dataset.h"
#include "adapters/train/packing.h"
#include "adapters/train/train.h"
#include "tests/fixture.h"
#include "tests/fuzz/fuzz.h"
#include "util/macro.h"

enum { CONTEXT = 96, MOST = 512 };

static void expect(bool right)
{
	if (!right)
		abort();
}

static const struct gguf *model(void)
{
	static struct gguf *g;
	struct fixture f = FIXTURE;
	int fd;

	if (g)
		return g;
	f.tokenizer = true;
	f.vocab = 130;
	fd = fixture_model_fd(&f);
	expect(gguf_open_fd(&g, fd, NULL) == 0);
	close(fd);
	return g;
}

static void look_at_row(const struct packing *p, size_t row)
{
	int32_t x[CONTEXT], y[CONTEXT];
	uint32_t begins[CONTEXT];

	expect(packing_fill(p, row, x, y, begins) > 0);
	for (uint32_t i = 0; i < CONTEXT; i++) {
		expect(x[i] >= 0 && x[i] < 130 && y[i] >= TRAIN_IGNORE && y[i] < 130);
		expect(begins[i] == i || (i > 0 && begins[i] == begins[i - 1]));
	}
}

static void look_at(const struct dataset *s)
{
	size_t n = MIN(dataset_n_examples(s), (size_t)MOST), which[MOST];
	struct packing *p;

	for (size_t i = 0; i < n; i++)
		which[i] = i;
	expect(packing_new(&p, s, which, n, CONTEXT, 1) == 0);
	for (size_t row = 0; row < packing_n_rows(p); row++)
		look_at_row(p, row);
	packing_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dataset *s = NULL;
	struct diag d = DIAG_NULL;
	int fd = memfd_create("rows", MFD_CLOEXEC), r;

	expect(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	r = dataset_load(&s, model(), fd, CONTEXT, &d);
	close(fd);
	expect(r == 0 || (r == -EINVAL && d.code != DIAG_NONE));
	if (r == 0 && !dataset_is_text(s))
		look_at(s);
	dataset_free(s);
	return 0;
}
