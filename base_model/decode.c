/* SPDX-License-Identifier: MIT */
/* Token ids to text. */
#include <errno.h>
#include <string.h>

#include "base_model/tokenizer-private.h"
#include "util/utf8.h"

static int piece_of_bpe(const struct token *token, struct buf *out)
{
	size_t size;
	int r = 0;

	for (size_t at = 0; r == 0 && at < token->len; at += size) {
		uint32_t cp = utf8_decode(token->text + at, token->len - at, &size);
		int byte = bpe_byte_of_char(cp);

		r = byte >= 0 ? buf_append_char(out, (char)byte) :
				buf_append(out, token->text + at, size);
	}
	return r;
}

static int piece_of_sentencepiece(const struct token *token, struct buf *out)
{
	size_t mark = strlen(SPACE_MARK);
	int r = 0;

	for (size_t at = 0; r == 0 && at < token->len;) {
		if (token->len - at >= mark && memcmp(token->text + at, SPACE_MARK, mark) == 0) {
			r = buf_append_char(out, ' ');
			at += mark;
		} else {
			r = buf_append_char(out, token->text[at++]);
		}
	}
	return r;
}

int tokenizer_piece(const struct tokenizer *t, int32_t id, struct buf *out)
{
	const struct token *token = token_of(t, id);

	if (!token)
		return -EINVAL;
	switch (token->type) {
	case TOKEN_CONTROL:
	case TOKEN_UNKNOWN:
	case TOKEN_UNUSED:
		return 0;
	case TOKEN_BYTE:
		for (int b = 0; b < 256; b++)
			if (t->vocab.bytes[b] == id)
				return buf_append_char(out, (char)b);
		return 0;
	case TOKEN_USER_DEFINED:
		return buf_append(out, token->text, token->len);
	case TOKEN_NORMAL:
		break;
	}
	return t->pre ? piece_of_bpe(token, out) : piece_of_sentencepiece(token, out);
}

int tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out)
{
	size_t begin = out->len;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = tokenizer_piece(t, ids[i], out);
	if (r == 0 && t->adds_space && out->len > begin && out->data[begin] == ' ') {
		memmove(out->data + begin, out->data + begin + 1, out->len - begin);
		out->len--;
	}
	return r;
}
