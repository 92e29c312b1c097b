/* SPDX-License-Identifier: MIT */
/* The tables of numbers in words: each is read, and says what people say. */
#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "intents/intents.h"
#include "tests/check-main.h"
#include "util/file.h"
#include "util/macro.h"
#include "util/yaml.h"

static const char sentence[] =
	"intents: {Count: {data: [{sentences: ['= {n}']}]}}\n"
	"lists: {n: {range: {from: 0, to: 100, fractions: halves}}}\n";

static struct intents *counting(const char *path)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct intents *set = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_read_all(fd, YAML_MAX_SIZE, &text, &d), 0);
	ck_assert_int_eq(intents_new(&set), 0);
	ck_assert_msg(intents_load(set, path, text.data, text.len, &d) == 0, "%s:%s: %s", path,
		      d.field, d.text);
	ck_assert_int_eq(intents_load(set, "-", sentence, strlen(sentence), &d), 0);
	ck_assert_int_eq(intents_bind(set), 0);
	return set;
}

/* The number that is understood, or "?". */
static const char *count(const struct intents *set, const char *words)
{
	static char value[32];
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	char text[256];

	snprintf(text, sizeof(text), "= %s", words);
	if (intents_match(set, text, strlen(text), NULL, 0, &m) != 0)
		return "?";
	snprintf(value, sizeof(value), "%s", m->items[0].slots[0].value);
	return value;
}

static const char *table(const char *language, char path[4096])
{
	const char *dir = getenv("srcdir");

	snprintf(path, 4096, "%s/examples/intents/numbers/%s.yaml", dir ? dir : ".", language);
	return path;
}

START_TEST(said)
{
	static const struct {
		const char *language, *words, *number;
	} cases[] = {
		{ "en", "zero", "0" }, { "en", "twenty-one", "21" }, { "en", "forty two", "42" },
		{ "en", "a hundred", "100" }, { "en", "two and a half", "2.5" },
		{ "en", "two point five", "2.5" }, { "en", "one hundred and one", "?" },
		{ "en", "twenty", "20" }, { "en", "twentieth", "?" }, { "en", "21.5", "21.5" },
		{ "de", "einundzwanzig", "21" }, { "de", "zwo", "2" },
		{ "de", "siebzehn", "17" }, { "de", "eins", "1" }, { "de", "zweieinhalb", "2.5" },
		{ "de", "zwanzig Komma fünf", "20.5" }, { "de", "hundert", "100" },
		{ "de", "dreißig", "30" }, { "de-CH", "dreissig", "30" },
		{ "nl", "tweeëntwintig", "22" }, { "nl", "één", "1" }, { "nl", "tachtig", "80" },
		{ "nl", "drie en een half", "3.5" }, { "af", "een en twintig", "21" },
		{ "fr", "soixante et onze", "71" }, { "fr", "quatre-vingt-dix-neuf", "99" },
		{ "fr", "quatre vingt", "?" }, { "fr", "vingt et une", "21" },
		{ "fr", "deux et demi", "2.5" }, { "fr", "septante", "70" },
		{ "es", "veintidós", "22" }, { "es", "treinta y una", "31" },
		{ "es", "dos y media", "2.5" }, { "pt", "dezasseis", "16" },
		{ "pt-br", "dezesseis", "16" }, { "it", "ventuno", "21" },
		{ "it", "quarantotto", "48" }, { "ca", "vint-i-dues", "22" },
		{ "ro", "douăzeci și cinci", "25" }, { "ro", "douăzeci şi cinci", "25" },
		{ "sv", "tjugoett", "21" }, { "sv", "nittionio", "99" },
		{ "da", "halvtreds", "50" }, { "da", "enogtyve", "21" },
		{ "nb", "tjueen", "21" }, { "nb", "sytti", "70" }, { "is", "tuttugu og ein", "21" },
		{ "fi", "kaksikymmentäyksi", "21" }, { "fi", "viiteen", "5" },
		{ "et", "kolmkümmend", "30" }, { "hu", "huszonegy", "21" },
		{ "hu", "harminckettő", "32" }, { "tr", "yirmi bir", "21" },
		{ "tr", "iki buçuk", "2.5" }, { "pl", "dwadzieścia jeden", "21" },
		{ "pl", "dwudziestu", "20" }, { "cs", "dvacet dva", "22" },
		{ "sk", "dvadsaťjeden", "21" }, { "sl", "petinpetdeset", "55" },
		{ "hr", "dvadeset i jedan", "21" }, { "ru", "двадцать один", "21" },
		{ "ru", "двадцати одного", "21" }, { "ru", "сорок", "40" },
		{ "uk", "п'ять", "5" }, { "uk", "двадцять одна", "21" },
		{ "bg", "двадесет и едно", "21" }, { "bg", "шейсет", "60" },
		{ "sr", "двадесет", "20" },
		{ "sr-Latn", "dvadeset", "20" }, { "el", "είκοσι ένα", "21" },
		{ "lt", "dvidešimt vienas", "21" }, { "lv", "divdesmit viens", "21" },
		{ "ar", "عشرون", "20" }, { "he", "עשרים ואחת", "21" },
		{ "fa", "بیست و یک", "21" }, { "hi", "इक्कीस", "21" },
		{ "zh-cn", "二十一", "21" }, { "zh-cn", "两", "2" }, { "zh-tw", "零", "0" },
		{ "ja", "二十一", "21" }, { "ko", "이십일", "21" }, { "ko", "스물한", "21" },
		{ "vi", "hai mươi mốt", "21" },
		{ "id", "dua puluh satu", "21" },
		{ "th", "ยี่สิบเอ็ด", "21" }, { "sw", "ishirini na moja", "21" },
	};
	char path[4096];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(intents_freep) struct intents *set =
			counting(table(cases[i].language, path));

		ck_assert_msg(strcmp(count(set, cases[i].words), cases[i].number) == 0,
			      "%s: %s is not %s", cases[i].language, cases[i].words,
			      cases[i].number);
	}
}
END_TEST

START_TEST(all_are_read)
{
	char path[4096];
	glob_t found;

	ck_assert_int_eq(glob(table("*", path), 0, NULL, &found), 0);
	ck_assert_uint_ge(found.gl_pathc, 50);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		_cleanup_(intents_freep) struct intents *set = counting(found.gl_pathv[i]);

		ck_assert_str_eq(count(set, "77"), "77");
		ck_assert_str_eq(count(set, "101"), "?");
	}
	globfree(&found);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("numbers");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, said);
	tcase_add_test(tests, all_are_read);
	return run_tests("numbers", tests);
}
