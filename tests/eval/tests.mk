# What the service makes of text that no training has seen, in one table: `make eval DATA=DIR`
# (MODEL=DIR, another model than examples/tiny; ONLY="tone", some of the sections; CARD=FILE, the
# model card that gets the tables). hunspell's program adds a row to compare with.
dist_check_SCRIPTS += tests/eval/metrics-test.py
EXTRA_DIST += \
	tests/eval/bench.py \
	tests/eval/eval.py \
	tests/eval/metrics.py \
	tests/eval/notifications.py \
	tests/eval/notifications.txt \
	tests/eval/proofread.py \
	tests/eval/replies.py \
	tests/eval/replies.txt \
	tests/eval/report.py \
	tests/eval/style.py \
	tests/eval/summaries.py \
	tests/eval/tone.py \
	tests/eval/untouched.txt
eval: all
	@test -n '$(DATA)' || { echo 'make eval DATA=DIR' >&2; exit 1; }
	model='$(MODEL)'; only='$(ONLY)'; card='$(CARD)'; \
	$(AM_TESTS_ENVIRONMENT) $(PYTHON3) $(srcdir)/tests/eval/eval.py '$(DATA)' \
		$${model:+--model "$$model"} $${only:+--only "$$only"} $${card:+--card "$$card"}
.PHONY: eval
