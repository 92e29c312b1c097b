/* SPDX-License-Identifier: MIT */
/* What the writer writes, the parser reads; what is opened, and what happens to it later. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_model/base_model.h"
#include "tests/base_model/assemble.h"
#include "tests/check-main.h"
#include "util/macro.h"

/* The linker puts this in the place of calloc(), by which the parser takes its memory. */
void *__wrap_calloc(size_t n, size_t size);
void *__real_calloc(size_t n, size_t size);

static int calls_until_failure = -1;

void *__wrap_calloc(size_t n, size_t size)
{
	if (calls_until_failure == 0)
		return NULL;
	if (calls_until_failure > 0)
		calls_until_failure--;
	return __real_calloc(n, size);
}

static const float floats[6] = { 1.0f, -2.0f, 0.5f, 3.0f, -0.25f, 8.0f };
static const uint8_t blocks[2 * 34] = { 1, 2, 3, [67] = 9 };

/* A file with something of every kind; its descriptor stands at the end. */
static int write_sample(void)
{
	static const char *const words[] = { "one", "", "three words here" };
	static const int32_t ids[] = { 1, -1, 300000 };
	static const float scores[] = { 0.5f, -1e30f };
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	int fd = memfd_create("sample", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", "llama", 5), 0);
	ck_assert_int_eq(gguf_writer_u32(w, "llama.block_count", 4000000000u), 0);
	ck_assert_int_eq(gguf_writer_f32(w, "llama.rate", 1e-5f), 0);
	ck_assert_int_eq(gguf_writer_bool(w, "a.yes", true), 0);
	ck_assert_int_eq(gguf_writer_bool(w, "a.no", false), 0);
	ck_assert_int_eq(gguf_writer_strings(w, "a.words", words, 3), 0);
	ck_assert_int_eq(gguf_writer_strings(w, "a.nothing", NULL, 0), 0);
	ck_assert_int_eq(gguf_writer_array(w, "a.ids", GGUF_TYPE_I32, ids, 3), 0);
	ck_assert_int_eq(gguf_writer_array(w, "a.scores", GGUF_TYPE_F32, scores, 2), 0);
	ck_assert_int_eq(gguf_writer_tensor(w, "z.weight", TENSOR_F32, 2, (uint64_t[]){ 3, 2 },
					    floats), 0);
	ck_assert_int_eq(gguf_writer_tensor(w, "a.weight", TENSOR_Q8_0, 2, (uint64_t[]){ 32, 2 },
					    blocks), 0);
	ck_assert_int_eq(gguf_writer_tensor(w, "one", TENSOR_F32, 1, (uint64_t[]){ 1 }, floats),
			 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	return fd;
}

static struct gguf *open_good(int fd)
{
	struct diag d = DIAG_NULL;
	struct gguf *g = NULL;
	int r = gguf_open_fd(&g, fd, &d);

	ck_assert_msg(r == 0, "%s: %s", d.field, d.text);
	return g;
}

START_TEST(values_come_back)
{
	_cleanup_close_ int fd = write_sample();
	_cleanup_(gguf_freep) struct gguf *g = open_good(fd);
	struct gguf_strings strings;
	struct gguf_array a;
	uint32_t u;
	float f;
	bool b;
	const char *s;
	size_t len;

	ck_assert_int_eq(gguf_u32(g, "llama.block_count", &u, NULL), 0);
	ck_assert_uint_eq(u, 4000000000u);
	ck_assert_int_eq(gguf_f32(g, "llama.rate", &f, NULL), 0);
	ck_assert_float_eq(f, 1e-5f);
	ck_assert(gguf_bool(g, "a.yes", &b, NULL) == 0 && b);
	ck_assert(gguf_bool(g, "a.no", &b, NULL) == 0 && !b);
	ck_assert_int_eq(gguf_str(g, "general.architecture", &s, &len, NULL), 0);
	ck_assert(len == 5 && memcmp(s, "llama", 5) == 0);
	ck_assert_int_eq(gguf_array(g, "a.ids", GGUF_TYPE_I32, &a, NULL), 0);
	ck_assert_uint_eq(a.count, 3);
	ck_assert_int_eq((int32_t)gguf_array_u32(&a, 1), -1);
	ck_assert_uint_eq(gguf_array_u32(&a, 2), 300000);
	ck_assert_int_eq(gguf_array(g, "a.scores", GGUF_TYPE_F32, &a, NULL), 0);
	ck_assert_float_eq(gguf_array_f32(&a, 1), -1e30f);
	ck_assert_int_eq(gguf_array(g, "a.words", GGUF_TYPE_STRING, &a, NULL), 0);
	gguf_strings_init(&strings, &a);
	ck_assert(gguf_strings_next(&strings, &s, &len) && len == 3 && memcmp(s, "one", 3) == 0);
	ck_assert(gguf_strings_next(&strings, &s, &len) && len == 0);
	ck_assert(gguf_strings_next(&strings, &s, &len) && len == 16);
	ck_assert(!gguf_strings_next(&strings, &s, &len));
	ck_assert_int_eq(gguf_array(g, "a.nothing", GGUF_TYPE_STRING, &a, NULL), 0);
	ck_assert_uint_eq(a.count, 0);
}
END_TEST

START_TEST(other_types_are_refused)
{
	_cleanup_close_ int fd = write_sample();
	_cleanup_(gguf_freep) struct gguf *g = open_good(fd);
	struct gguf_array a;
	struct diag d;
	const char *s;
	size_t len;
	uint32_t u;
	float f;
	bool b;

	ck_assert_int_eq(gguf_u32(g, "absent", &u, NULL), GGUF_E_ABSENT);
	ck_assert_int_eq(gguf_u32(g, "a.ye", &u, NULL), GGUF_E_ABSENT);
	ck_assert_int_eq(gguf_f32(g, "", &f, NULL), GGUF_E_ABSENT);
#define REFUSED(call)                                      \
	do {                                               \
		d = (struct diag)DIAG_NULL;                \
		ck_assert_int_eq(call, -EINVAL);           \
		ck_assert_int_eq(d.code, DIAG_TYPE);       \
	} while (0)
	REFUSED(gguf_u32(g, "a.yes", &u, &d));
	REFUSED(gguf_u32(g, "llama.rate", &u, &d));
	REFUSED(gguf_u32(g, "a.ids", &u, &d));
	REFUSED(gguf_f32(g, "llama.block_count", &f, &d));
	REFUSED(gguf_bool(g, "llama.block_count", &b, &d));
	REFUSED(gguf_str(g, "a.words", &s, &len, &d));
	REFUSED(gguf_array(g, "general.architecture", GGUF_TYPE_STRING, &a, &d));
	REFUSED(gguf_array(g, "a.ids", GGUF_TYPE_U32, &a, &d));
	ck_assert_str_eq(d.field, "a.ids");
	ck_assert_str_eq(d.text, "array of i32, expected of u32");
#undef REFUSED
}
END_TEST

START_TEST(tensors_come_back)
{
	_cleanup_close_ int fd = write_sample();
	_cleanup_(gguf_freep) struct gguf *g = open_good(fd);
	const struct gguf_tensor *t = gguf_tensor(g, "z.weight");

	ck_assert_uint_eq(gguf_n_tensors(g), 3);
	ck_assert_ptr_eq(t, gguf_tensor_at(g, 0));
	ck_assert_ptr_null(gguf_tensor_at(g, 3));
	ck_assert_ptr_null(gguf_tensor(g, "z.weigh"));
	ck_assert_uint_eq(t->n_dims, 2);
	ck_assert(t->ne[0] == 3 && t->ne[1] == 2 && t->ne[2] == 1 && t->ne[3] == 1);
	ck_assert_uint_eq(t->size, sizeof(floats));
	ck_assert_mem_eq(t->data, floats, sizeof(floats));
	t = gguf_tensor(g, "a.weight");
	ck_assert_int_eq(t->type, TENSOR_Q8_0);
	ck_assert_uint_eq(t->size, sizeof(blocks));
	ck_assert_mem_eq(t->data, blocks, sizeof(blocks));
	ck_assert_uint_eq((uintptr_t)t->data % 32, 0);
	ck_assert_uint_eq(gguf_size(g) % 32, 0);
}
END_TEST

START_TEST(same_calls_same_bytes)
{
	_cleanup_close_ int first = write_sample(), second = write_sample();
	char a[4096], b[4096];
	ssize_t n = pread(first, a, sizeof(a), 0);

	ck_assert_int_gt(n, 0);
	ck_assert_int_lt(n, (ssize_t)sizeof(a));
	ck_assert_int_eq(pread(second, b, sizeof(b), 0), n);
	ck_assert_mem_eq(a, b, n);
}
END_TEST

START_TEST(writer_refuses)
{
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL, *twice = NULL;
	_cleanup_close_ int fd = memfd_create("refused", MFD_CLOEXEC);
	char long_key[GGUF_MAX_KEY + 2] = { 0 }, long_name[GGUF_MAX_NAME + 2] = { 0 };
	const uint64_t ne[] = { 32, 0, 1, 1, 1 }, large[] = { 1ull << 32, 1ull << 32 };

	memset(long_key, 'k', sizeof(long_key) - 1);
	memset(long_name, 'n', sizeof(long_name) - 1);
	ck_assert(gguf_writer_new(&w) == 0 && gguf_writer_new(&twice) == 0);
	ck_assert_int_eq(gguf_writer_u32(w, "", 1), -EINVAL);
	ck_assert_int_eq(gguf_writer_u32(w, "a\n", 1), -EINVAL);
	ck_assert_int_eq(gguf_writer_u32(w, long_key, 1), -EINVAL);
	ck_assert_int_eq(gguf_writer_u32(w, long_key + 1, 1), 0);
	ck_assert_int_eq(gguf_writer_str(w, "k", "", GGUF_MAX_STRING + 1), -EINVAL);
	ck_assert_int_eq(gguf_writer_array(w, "k", GGUF_TYPE_STRING, floats, 1), -EINVAL);
	ck_assert_int_eq(gguf_writer_tensor(w, long_name, TENSOR_F32, 1, ne, floats), -EINVAL);
	ck_assert_int_eq(gguf_writer_tensor(w, "t", TENSOR_F32, 0, ne, floats), -EINVAL);
	ck_assert_int_eq(gguf_writer_tensor(w, "t", TENSOR_F32, 5, ne, floats), -EINVAL);
	ck_assert_int_eq(gguf_writer_tensor(w, "t", TENSOR_F32, 2, ne, floats), -EINVAL);
	ck_assert_int_eq(gguf_writer_tensor(w, "t", TENSOR_F32, 2, large, floats), -EINVAL);
	ck_assert_int_eq(gguf_writer_tensor(w, "t", 4, 1, ne, floats), -EINVAL);
	ck_assert_int_eq(gguf_writer_tensor(w, "t", TENSOR_Q8_0, 1, (uint64_t[]){ 31 }, floats),
			 -EINVAL);
	ck_assert_int_eq(gguf_writer_u32(twice, "k", 1), 0);
	ck_assert_int_eq(gguf_writer_u32(twice, "k", 1), 0);
	ck_assert_int_eq(gguf_writer_write(twice, fd), -EEXIST);
	/* A refused addition leaves nothing behind. */
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 24 + 8 + GGUF_MAX_KEY + 4 + 4);
	ck_assert_int_eq(gguf_writer_write(w, -1), -EBADF);
}
END_TEST

static void check_refused(const char *path, int flags, enum diag_code code)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	_cleanup_close_ int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	struct diag d = DIAG_NULL;

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_lt(gguf_open_fd(&g, fd, &d), 0);
	ck_assert_msg(d.code == code, "%s: %s (%s)", path, diag_code_name(d.code), d.text);
}

START_TEST(no_plain_file)
{
	char folder[] = "/tmp/test-gguf-XXXXXX", fifo[64], empty[64];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	snprintf(empty, sizeof(empty), "%s/empty", folder);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	close(open(empty, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	check_refused(fifo, O_RDONLY, DIAG_TYPE);
	check_refused(folder, O_RDONLY | O_DIRECTORY, DIAG_TYPE);
	check_refused("/dev/zero", O_RDONLY, DIAG_TYPE);
	check_refused("/dev/null", O_RDONLY, DIAG_TYPE);
	/* Claims to be regular and of no bytes. */
	check_refused("/proc/self/status", O_RDONLY, DIAG_TRUNC);
	check_refused(empty, O_RDONLY, DIAG_TRUNC);
	unlink(fifo);
	unlink(empty);
	rmdir(folder);
}
END_TEST

START_TEST(small_files_are_ours)
{
	_cleanup_close_ int fd = write_sample();
	_cleanup_(gguf_freep) struct gguf *g = open_good(fd);
	const struct gguf_tensor *t = gguf_tensor(g, "z.weight");
	off_t size = (off_t)gguf_size(g);

	for (off_t at = 0; at < size; at++)
		ck_assert_int_eq(pwrite(fd, "X", 1, at), 1);
	ck_assert_mem_eq(t->data, floats, sizeof(floats));
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_mem_eq(t->data, floats, sizeof(floats));
	close(TAKE_FD(fd));
	ck_assert_mem_eq(t->data, floats, sizeof(floats));
}
END_TEST

START_TEST(large_files_are_mapped)
{
	const size_t size = (size_t)17 << 20;
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	_cleanup_close_ int fd = memfd_create("large", MFD_CLOEXEC);
	_cleanup_free_ uint8_t *data = malloc(size);
	_cleanup_(gguf_freep) struct gguf *g = NULL;

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 31 >> 8);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", "llama", 5), 0);
	ck_assert_int_eq(gguf_writer_tensor(w, "t", 24, 1, (uint64_t[]){ size }, data), 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	g = open_good(fd);
	close(TAKE_FD(fd));
	ck_assert_uint_eq(gguf_tensor(g, "t")->size, size);
	ck_assert_int_eq(memcmp(gguf_tensor(g, "t")->data, data, size), 0);
}
END_TEST

static const struct {
	const char *value;
	int result;
	uint32_t expected;
} integers[] = {
	{ "4:0 1:255", 0, 255 },	       { "4:1 1:127", 0, 127 },
	{ "4:2 2:65535", 0, 65535 },	       { "4:3 2:32767", 0, 32767 },
	{ "4:4 4:0xffffffff", 0, UINT32_MAX }, { "4:5 4:0x7fffffff", 0, INT32_MAX },
	{ "4:10 8:0xffffffff", 0, UINT32_MAX }, { "4:11 8:0xffffffff", 0, UINT32_MAX },
	{ "4:1 1:-1", -EINVAL, 0 },	       { "4:3 2:-1", -EINVAL, 0 },
	{ "4:5 4:-1", -EINVAL, 0 },	       { "4:11 8:-1", -EINVAL, 0 },
	{ "4:10 8:0x100000000", -EINVAL, 0 },  { "4:11 8:0x100000000", -EINVAL, 0 },
};

START_TEST(integers_of_every_width)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	struct diag d = DIAG_NULL;
	char text[160];
	uint32_t value = 0;

	snprintf(text, sizeof(text), "'GGUF' 4:3 8:0 8:2 s:general.architecture 4:8 s:x s:k %s",
		 integers[_i].value);
	ck_assert(assemble(&file, text));
	ck_assert_int_eq(gguf_parse(&g, file.data, file.len, NULL), 0);
	ck_assert_int_eq(gguf_u32(g, "k", &value, &d), integers[_i].result);
	ck_assert_uint_eq(value, integers[_i].expected);
	ck_assert_int_eq(d.code, integers[_i].result ? DIAG_RANGE : DIAG_NONE);
}
END_TEST

/* Each allocation fails once: an error, nothing leaked (a sanitizer looks), no crash. */
START_TEST(memory_runs_out)
{
	_cleanup_close_ int fd = write_sample();
	int n;

	for (n = 0; n < 100; n++) {
		_cleanup_(gguf_freep) struct gguf *g = NULL;
		struct diag d = DIAG_NULL;
		int r;

		calls_until_failure = n;
		r = gguf_open_fd(&g, fd, &d);
		calls_until_failure = -1;
		if (r == 0)
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_int_eq(d.code, DIAG_SYSTEM);
		ck_assert_ptr_null(g);
	}
	/* The object, two tables, two indices and the offsets. */
	ck_assert_int_eq(n, 6);
}
END_TEST

static size_t parity_files(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	size_t n = 0;

	while (dir && (e = readdir(dir))) {
		size_t len = strlen(e->d_name);
		char path[8192];
		_cleanup_close_ int fd = -1;
		_cleanup_(gguf_freep) struct gguf *g = NULL;
		struct diag d = DIAG_NULL;

		if (len < 5 || strcmp(e->d_name + len - 5, ".gguf") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ck_assert_msg(gguf_open_fd(&g, fd, &d) == 0, "%s: %s: %s", path, d.field, d.text);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

START_TEST(reference_files_load)
{
	static const char *const folders[] = { "arch", "quant", "stories260k", "tokenizers" };
	const char *given = getenv("PARITY_DIR"), *srcdir = getenv("srcdir");
	const char *required = getenv("PARITY_REQUIRED");

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[4096];
		size_t n;

		if (given && *given)
			snprintf(path, sizeof(path), "%s/%s", given, folders[i]);
		else
			snprintf(path, sizeof(path), "%s/../shared/parity/%s",
				 srcdir ? srcdir : ".", folders[i]);
		n = parity_files(path);
		ck_assert_msg(n || !required || !*required, "nothing in %s", path);
	}
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("gguf");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, values_come_back);
	tcase_add_test(c, other_types_are_refused);
	tcase_add_test(c, tensors_come_back);
	tcase_add_test(c, same_calls_same_bytes);
	tcase_add_test(c, writer_refuses);
	tcase_add_test(c, no_plain_file);
	tcase_add_test(c, small_files_are_ours);
	tcase_add_test(c, large_files_are_mapped);
	tcase_add_loop_test(c, integers_of_every_width, 0, ARRAY_SIZE(integers));
	tcase_add_test(c, memory_runs_out);
	tcase_add_test(c, reference_files_load);
	return run_tests("gguf", c);
}
