/* SPDX-License-Identifier: MIT */
/* Rules of tones: files of our own, defects, and what the shipped file makes of messages. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assistantd/daemon/restyle.h"
#include "tests/check-main.h"
#include "util/macro.h"

#define HEAD "version: 1\nverbs: [bring, call]\nfinite: [is]\nsubjects: [i, it]\n" \
	     "small: [the, my, on, it, yes]\n"

static int read_text(struct tones **ret, const char *text, struct diag *d)
{
	_cleanup_close_ int fd = memfd_create("tones", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return tones_read_fd(ret, fd, d);
}

static struct tones *rules(const char *text)
{
	struct tones *t = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(read_text(&t, text, &d) == 0, "%s: %s", d.field, d.text);
	return t;
}

/* What the first ways come to, and of the first part all ways with " / " between them. */
static void expect(const struct tones *t, const char *style, const char *text, const char *first,
		   const char *ways)
{
	_cleanup_(buf_deinit) struct buf joined = BUF_NULL, all = BUF_NULL;
	const struct tone *tone = tones_find(t, style);
	struct restyle r = { 0 };

	ck_assert_msg(tone != NULL, "%s", style);
	ck_assert_int_eq(restyle_find(&r, t, tone, text, strlen(text)), 0);
	ck_assert_int_eq(restyle_join(&r, text, strlen(text), &joined), 0);
	ck_assert_str_eq(joined.data, first);
	for (size_t i = 0; ways && i < r.parts[0].n_ways; i++)
		ck_assert_int_eq(buf_printf(&all, "%s%s", i ? " / " : "", r.parts[0].ways[i]), 0);
	if (ways)
		ck_assert_str_eq(all.data, ways);
	restyle_deinit(&r);
}

START_TEST(words_are_exchanged)
{
	_cleanup_(tones_freep) struct tones *t = rules(HEAD
		"swaps:\n  words:\n"
		"    - {say: [\"can't\"], as: [cannot]}\n"
		"    - {say: [very, \", you fool\", oh dear], as: [\"\"]}\n"
		"    - {say: [\":)\"], as: [\"\"]}\n"
		"    - {say: [it's], as: [it is, it has]}\n"
		"    - {say: [old], as: [aged, worn]}\n"
		"styles:\n  - {name: s, swaps: [words]}\n");

	expect(t, "s", "Can't you? I can’t.", "Cannot you? I cannot.", NULL);
	expect(t, "s", "He is very, very loud.", "He is, loud.", NULL);
	expect(t, "s", "Very loud, you fool.", "Loud.", NULL);
	expect(t, "s", "It is a very old one :)", "It is an aged one",
	       "It is an aged one / It is a worn one");
	/* A sign and its neighbour are one only where they touch. */
	expect(t, "s", "Two : ) are none.", "Two : ) are none.", NULL);
	expect(t, "s", "It's old. It's new.", "It is aged. It is new.",
	       "It is aged. / It is worn. / It has aged. / It has worn.");
	/* A sentence of which nothing is left goes, where there are others. */
	expect(t, "s", "Oh dear! It is late.", "It is late.", NULL);
	expect(t, "s", "Oh dear", "Oh dear", NULL);
	expect(t, "s", "", "", NULL);
}
END_TEST

#define SHAPES HEAD \
	"swaps: {}\nstyles:\n  - name: s\n    closings:\n" \
	"      - {name: thanks, text: Thanks!, unless: [thank you]}\n" \
	"    shapes:\n" \
	"      - {match: \"please? {do}\", forms: [\"Could you {do}?\", \"Would you {do}?\"],\n" \
	"         closing: thanks}\n" \
	"      - {match: \"where is {np}\", question: true,\n" \
	"         forms: [\"Do you know where {np} is?\"]}\n" \
	"      - {match: \"i want|wanted to say that {rest}\", again: true,\n" \
	"         forms: [\"{rest}.\"]}\n" \
	"      - {match: \"yes ,? {rest}\", forms: []}\n" \
	"      - {match: \"{clause}\", once: true, forms: [\"Note: {clause}!\"]}\n"

START_TEST(sentences_get_forms)
{
	_cleanup_(tones_freep) struct tones *t = rules(SHAPES);

	expect(t, "s", "Bring the cake.", "Could you bring the cake? Thanks!",
	       "Could you bring the cake? / Would you bring the cake?");
	expect(t, "s", "please call me, Ben!", "Could you call me, Ben? Thanks!", NULL);
	/* "Call is" is no order; a name keeps its capital, "the" does not. */
	expect(t, "s", "Call is late.", "Note: call is late!", NULL);
	expect(t, "s", "The bus is late.", "Note: the bus is late!", "Note: the bus is late!");
	expect(t, "s", "Bread is mouldy.", "Note: Bread is mouldy!",
	       "Note: Bread is mouldy! / Note: bread is mouldy!");
	expect(t, "s", "USB is slow.", "Note: USB is slow!", "Note: USB is slow!");
	/* Once in a message; others stay. */
	expect(t, "s", "It is late. It is dark.", "Note: it is late! It is dark.", NULL);
	/* One closing, behind the last that wants it; none where it is said already. */
	expect(t, "s", "Bring it. Call me. Yes, it is.",
	       "Could you bring it? Could you call me? Thanks! Yes, it is.", NULL);
	expect(t, "s", "Bring it. Thank you.", "Could you bring it? Thank you.", NULL);
	/* A sentence of its own behind the comma. */
	expect(t, "s", "Call me, it is urgent.", "Could you call me? It is urgent. Thanks!", NULL);
	expect(t, "s", "Where is my bike?", "Do you know where my bike is?", NULL);
	expect(t, "s", "Where is my bike, which is red?", "Where is my bike, which is red?", NULL);
	/* What it opens is looked at anew. */
	expect(t, "s", "I wanted to say that I want to say that it is on.", "Note: it is on!",
	       NULL);
	expect(t, "s", "Great cake", "Great cake", NULL);
}
END_TEST

START_TEST(whom_it_speaks_to_stays_before)
{
	_cleanup_(tones_freep) struct tones *t = rules(SHAPES);

	expect(t, "s", "Hi Anna, bring the cake.", "Hi Anna, could you bring the cake? Thanks!",
	       NULL);
	expect(t, "s", "Hello Anna Lee! Bring it.", "Hello Anna Lee! Could you bring it? Thanks!",
	       NULL);
	expect(t, "s", "Ben, call me.", "Ben, could you call me? Thanks!", NULL);
	expect(t, "s", "Ben: call me.", "Ben: Could you call me? Thanks!", NULL);
	expect(t, "s", "Ben, the bus is late.", "Ben, note: the bus is late!", NULL);
	/* Lines of a letter, and what is no sentence. */
	expect(t, "s", "Hi Ben,\n\nBring it.\n\n- Bring milk\n\"Bring it.\"\nCall Anna",
	       "Hi Ben,\n\nCould you bring it? Thanks!\n\n- Bring milk\n\"Bring it.\"\nCall Anna",
	       NULL);
}
END_TEST

START_TEST(what_loses_a_fact_is_no_way)
{
	_cleanup_(tones_freep) struct tones *t = rules(HEAD
		"swaps: {}\nstyles:\n  - name: s\n    shapes:\n"
		"      - {match: \"i {np} say that {rest}\", forms: [\"{rest}.\"]}\n");

	expect(t, "s", "I had to say that it rains.", "It rains.", NULL);
	expect(t, "s", "I told Anna to say that it rains.", "I told Anna to say that it rains.",
	       NULL);
	expect(t, "s", "I came at 7 to say that it rains.", "I came at 7 to say that it rains.",
	       NULL);
}
END_TEST

START_TEST(shouting_ends)
{
	_cleanup_(tones_freep) struct tones *t = rules(HEAD
		"swaps: {}\nstyles:\n  - {name: s, calm: true}\n");

	expect(t, "s", "WHERE IS IT, I ASK!!!", "Where is it, I ask.", NULL);
	expect(t, "s", "What?! Now!", "What? Now.", NULL);
	expect(t, "s", "The USB HUB.", "The USB HUB.", NULL);
	expect(t, "s", "USB OK.", "USB OK.", NULL);
	/* What the message has in capitals among small letters is an abbreviation; so is what
	 * stands among nothing else. */
	expect(t, "s", "IS NASA AT IT?! The NASA report: CPU, GPU, RAM.",
	       "Is NASA at it? The NASA report: CPU, GPU, RAM.", NULL);
	expect(t, "s", "The parts. CPU, GPU, RAM, USB. CALL ME ON IT.",
	       "The parts. CPU, GPU, RAM, USB. Call me on it.", NULL);
}
END_TEST

/* Of so many that going through them again for each would take longer than any test may. */
START_TEST(signs_that_end_nothing_stay)
{
	_cleanup_(tones_freep) struct tones *t = rules(HEAD
		"swaps: {}\nstyles:\n  - {name: s, calm: true}\n");
	size_t len = 16 << 20;
	_cleanup_free_ char *text = malloc(len + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '!', len);
	text[len - 1] = 'x';
	text[len] = '\0';
	expect(t, "s", text, text, NULL);
}
END_TEST

static const struct {
	const char *text, *field, *says;
} defects[] = {
	{ "version: 2", "1:10", "" },
	{ HEAD "swaps: {}\nstyles: []", "7:9", "styles: empty" },
	{ HEAD "swaps: {}\nstyles:\n - {nam: s}", "8:5", "" },
	{ HEAD "swaps: {}\nstyles:\n - {name: s, swaps: [full]}", "8:22", "no list 'full'" },
	{ HEAD "swaps: {x: [{say: [Up], as: [a]}]}\nstyles:\n - {name: s}", "6:19",
	  "expected words in small letters" },
	{ HEAD "swaps: {x: [{say: [up], as: []}]}\nstyles:\n - {name: s}", "6:29", "as: empty" },
	{ HEAD "swaps: {}\nstyles:\n - {name: s, shapes: [{match: \"{do\", forms: []}]}", "8:31",
	  "ends with }" },
	{ HEAD "swaps: {}\nstyles:\n - {name: s, shapes: [{match: \"{it}\", forms: []}]}", "8:31",
	  "slots are" },
	{ HEAD "swaps: {}\nstyles:\n - {name: s, shapes: [{match: \"{}\", forms: []}]}", "8:31",
	  "slots are" },
	{ HEAD "swaps: {}\nstyles:\n - {name: s, shapes: [{match: \"{np} {np} {np}\", forms: []}]}",
	  "8:31", "at most two" },
	{ HEAD "swaps: {}\nstyles:\n - {name: s, shapes: [{match: \"{np}\", forms: [\"{do}\"]}]}",
	  "8:46", "no slot of the pattern" },
	{ HEAD "swaps: {}\nstyles:\n - {name: s, shapes: [{match: x, closing: bye}]}", "8:43",
	  "the style has no 'bye'" },
};

START_TEST(a_defect_is_told)
{
	struct tones *t = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(read_text(&t, defects[_i].text, &d), -EINVAL);
	ck_assert_ptr_null(t);
	ck_assert_str_eq(d.field, defects[_i].field);
	ck_assert_msg(strstr(d.text, defects[_i].says), "%s", d.text);
}
END_TEST

static const char *source_path(const char *name, char path[PATH_MAX])
{
	const char *source = getenv("srcdir");

	snprintf(path, PATH_MAX, "%s/%s", source ? source : ".", name);
	return path;
}

static struct tones *shipped(void)
{
	char path[PATH_MAX];
	_cleanup_close_ int fd = open(source_path("examples/tones.yaml", path), O_RDONLY);
	struct diag d = DIAG_NULL;
	struct tones *t = NULL;

	ck_assert_msg(tones_read_fd(&t, fd, &d) == 0, "%s: %s", d.field, d.text);
	return t;
}

/* style, message, what the first ways come to: of tests/daemon/tones.tsv */
START_TEST(the_shipped_rules)
{
	_cleanup_(tones_freep) struct tones *t = shipped();
	_cleanup_free_ char *line = NULL;
	char path[PATH_MAX];
	size_t cap = 0, n = 0;
	FILE *f;

	f = fopen(source_path("tests/daemon/tones.tsv", path), "re");
	ck_assert_ptr_nonnull(f);
	for (; getline(&line, &cap, f) >= 0; n++) {
		char *save = NULL, *style = strtok_r(line, "\t", &save);
		char *text = strtok_r(NULL, "\t", &save), *want = strtok_r(NULL, "\n", &save);

		expect(t, style, text, want, NULL);
	}
	fclose(f);
	ck_assert_uint_ge(n, 60);
}
END_TEST

/* Nothing harms it, no text takes it long, and what no rule names stays. */
START_TEST(any_text_is_taken)
{
	static const char *const pieces[] = {
		"fuck ", "a ", "an ", "you idiot, ", "Hi ", "Anna", ", ", "! ", "?? ", ".", "\n",
		"\xe2\x80\x99", "\xc3\xa9", "don't ", "i ", "WHAT ", "THE ", "HELL ", "7:30 ",
		"please ", "call ", "just wanted to ", "let you know that ", ":", "\xff", " ",
	};
	_cleanup_(tones_freep) struct tones *t = shipped();
	uint64_t seed = 7;

	for (unsigned round = 0; round < 240; round++) {
		const struct tone *tone = &t->styles[round % t->n_styles];
		_cleanup_(buf_deinit) struct buf text = BUF_NULL, out = BUF_NULL;
		struct restyle r = { 0 };

		for (unsigned i = 0; i < round; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			ck_assert_int_eq(buf_append_str(&text, pieces[(seed >> 33) %
								      ARRAY_SIZE(pieces)]), 0);
		}
		ck_assert_int_eq(buf_append_str(&text, "\n--\n"), 0);
		ck_assert_int_eq(restyle_find(&r, t, tone, text.data, text.len), 0);
		for (size_t i = 0; i < r.n; i++)
			r.parts[i].chosen = r.parts[i].n_ways - 1;
		ck_assert_int_eq(restyle_join(&r, text.data, text.len, &out), 0);
		ck_assert_ptr_nonnull(strstr(out.data, "--\n"));
		restyle_deinit(&r);
	}
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("restyle");

	tcase_add_test(t, words_are_exchanged);
	tcase_add_test(t, sentences_get_forms);
	tcase_add_test(t, whom_it_speaks_to_stays_before);
	tcase_add_test(t, what_loses_a_fact_is_no_way);
	tcase_add_test(t, shouting_ends);
	tcase_add_test(t, signs_that_end_nothing_stay);
	tcase_add_loop_test(t, a_defect_is_told, 0, ARRAY_SIZE(defects));
	tcase_add_test(t, the_shipped_rules);
	tcase_add_test(t, any_text_is_taken);
	return run_tests("restyle", t);
}
