/* SPDX-License-Identifier: MIT */
/* chat TEMPLATE.jinja|MODEL MESSAGES.json …: the prompt of a conversation. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verbs.h"
#include "base_model/base_model.h"
#include "util/file.h"

static int usage(void)
{
	fputs("usage: assistant-engine chat TEMPLATE.jinja|MODEL MESSAGES.json [--bos S] [--eos S] "
	      "[--var K=V]… [--date YYYY-MM-DD]\n", stderr);
	return VERB_USAGE;
}

/* V as JSON where it is that, else as a string. */
static bool add_variable(json_t *variables, const char *assignment)
{
	const char *equal = strchr(assignment, '=');
	char name[64];
	json_t *value;

	if (!equal || equal == assignment || (size_t)(equal - assignment) >= sizeof(name))
		return false;
	memcpy(name, assignment, (size_t)(equal - assignment));
	name[equal - assignment] = '\0';
	value = json_loads(equal + 1, JSON_DECODE_ANY, NULL);
	return json_object_set_new(variables, name, value ? value : json_string(equal + 1)) == 0;
}

static bool parse(struct chat_input *input, json_t *variables, int argc, char **argv)
{
	for (int i = 3; i < argc; i += 2) {
		if (i + 1 == argc)
			return false;
		if (strcmp(argv[i], "--bos") == 0)
			input->bos = argv[i + 1];
		else if (strcmp(argv[i], "--eos") == 0)
			input->eos = argv[i + 1];
		else if (strcmp(argv[i], "--date") == 0)
			input->date = argv[i + 1];
		else if (strcmp(argv[i], "--var") != 0 || !add_variable(variables, argv[i + 1]))
			return false;
	}
	return true;
}

static int read_file(const char *path, struct buf *text, struct diag *d)
{
	_cleanup_close_ int fd = verb_open(path, d);
	int r;

	if (fd < 0)
		return -EINVAL;
	r = file_read_rest(fd, JINJA_MAX_SOURCE, text, d);
	if (r == 0 && text->len > JINJA_MAX_SOURCE)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "larger than %zu bytes",
				JINJA_MAX_SOURCE);
	return r;
}

static bool is_gguf(const char *path)
{
	char magic[4] = "";
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(magic, 1, sizeof(magic), f) : 0;

	if (f)
		fclose(f);
	return n == sizeof(magic) && memcmp(magic, "GGUF", sizeof(magic)) == 0;
}

/* The template in the model's metadata; the file may have no tensors. */
static int read_model(const char *path, struct buf *source, struct diag *d)
{
	_cleanup_close_ int fd = verb_open(path, d);
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	const char *s = NULL;
	size_t len = 0;
	int r;

	if (fd < 0)
		return -EINVAL;
	r = gguf_open_fd(&g, fd, d);
	if (r == 0)
		r = chat_template_of(g, &s, &len, d);
	if (r == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_UNSUP, "tokenizer.chat_template", "missing");
	return r < 0 ? r : buf_append(source, s, len);
}

static int print(const char *path, const struct buf *source, const struct chat_input *input)
{
	_cleanup_(jinja_output_freep) struct jinja_output *prompt = NULL;
	struct diag d = DIAG_NULL;

	if (chat_render(&prompt, source->data ? source->data : "", source->len, input, &d) < 0)
		return verb_fail(path, &d);
	for (size_t i = 0; i < jinja_output_count(prompt); i++) {
		struct jinja_segment s = jinja_output_at(prompt, i);

		fwrite(s.text, 1, s.len, stdout);
	}
	return VERB_OK;
}

int verb_chat(int argc, char **argv)
{
	_cleanup_(buf_deinit) struct buf source = BUF_NULL, text = BUF_NULL;
	struct chat_input input = { 0 };
	json_t *variables = json_object(), *messages = NULL;
	struct diag d = DIAG_NULL;
	json_error_t error;
	int status = VERB_OK;

	if (argc < 3 || !parse(&input, variables, argc, argv)) {
		json_decref(variables);
		return usage();
	}
	if ((is_gguf(argv[1]) ? read_model : read_file)(argv[1], &source, &d) < 0)
		status = verb_fail(argv[1], &d);
	else if (read_file(argv[2], &text, &d) < 0)
		status = verb_fail(argv[2], &d);
	if (status == VERB_OK) {
		messages = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
		if (!messages) {
			fprintf(stderr, "error: %s: %d:%d: %s\n", argv[2], error.line, error.column,
				error.text);
			status = VERB_BAD_INPUT;
		}
	}
	if (status == VERB_OK) {
		input.messages = messages;
		input.variables = variables;
		status = print(argv[1], &source, &input);
	}
	json_decref(messages);
	json_decref(variables);
	return status;
}
