/* SPDX-License-Identifier: MIT */
#include "tests/adapters/folder.h"

#include <check.h>
#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/base_model.h"
#include "util/macro.h"

void safetensors_assemble(struct buf *file, const char *header, size_t len, const void *data,
			  size_t data_len)
{
	uint64_t size = htole64(len);

	ck_assert_int_eq(buf_append(file, &size, sizeof(size)), 0);
	ck_assert_int_eq(buf_append(file, header, len), 0);
	ck_assert_int_eq(buf_append(file, data, data_len), 0);
}

static void put_value(struct buf *data, const char *dtype, float value)
{
	uint32_t bits;
	uint16_t half;

	memcpy(&bits, &value, sizeof(bits));
	half = (uint16_t)(bits >> 16);
	if (strcmp(dtype, "F32") == 0) {
		ck_assert_int_eq(buf_append(data, &bits, sizeof(bits)), 0);
		return;
	}
	if (strcmp(dtype, "F16") == 0)
		ck_assert_int_eq(bm_quantize_row(TENSOR_F16, &value, NULL, 1, &half), 0);
	ck_assert_int_eq(buf_append(data, &half, sizeof(half)), 0);
}

void folder_add(struct folder *f, const char *name, const char *dtype, uint64_t rows,
		uint64_t cols, const float *values)
{
	size_t begin = f->data.len;

	for (uint64_t i = 0; i < rows * cols; i++)
		put_value(&f->data, dtype, values[i]);
	ck_assert_int_eq(buf_printf(&f->header, "%c\"%s\":{\"dtype\":\"%s\","
				    "\"shape\":[%llu,%llu],\"data_offsets\":[%zu,%zu]}",
				    f->header.len ? ',' : '{', name, dtype,
				    (unsigned long long)rows, (unsigned long long)cols, begin,
				    f->data.len), 0);
}

static bool has_member(const char *more, const char *key)
{
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	return strstr(more, quoted);
}

void folder_finish(struct folder *f, const char *targets, const char *more)
{
	static const char *const usual[][2] = {
		{ "peft_type", "\"LORA\"" },	{ "task_type", "\"CAUSAL_LM\"" },
		{ "r", "4" },			{ "lora_alpha", "8" },
		{ "bias", "\"none\"" },		{ "lora_dropout", "0.05" },
		{ "modules_to_save", "null" },	{ "init_lora_weights", "true" },
		{ "use_dora", "false" },	{ "rank_pattern", "{}" },
	};

	ck_assert_int_eq(buf_append_char(&f->header, '}'), 0);
	safetensors_assemble(&f->weights, f->header.data, f->header.len, f->data.data, f->data.len);
	ck_assert_int_eq(buf_printf(&f->config, "{\"target_modules\":%s", targets), 0);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (!has_member(more, usual[i][0]))
			ck_assert_int_eq(buf_printf(&f->config, ",\"%s\":%s", usual[i][0],
						    usual[i][1]), 0);
	ck_assert_int_eq(buf_printf(&f->config, "%s}", more), 0);
	f->files[f->n_files++] = (struct peft_file){ "adapter_config.json", f->config.data,
						     f->config.len };
	f->files[f->n_files++] = (struct peft_file){ "adapter_model.safetensors", f->weights.data,
						     f->weights.len };
}

void folder_file(struct folder *f, const char *name, const char *text)
{
	ck_assert_uint_lt(f->n_files, ARRAY_SIZE(f->files));
	f->files[f->n_files++] = (struct peft_file){ name, text, strlen(text) };
}

void folder_deinit(struct folder *f)
{
	buf_deinit(&f->header);
	buf_deinit(&f->data);
	buf_deinit(&f->weights);
	buf_deinit(&f->config);
	*f = (struct folder)FOLDER_NULL;
}
