# How the embedded model was made. `make tiny-model DATA=DIR` makes it again in ./tiny, on the
# folders that MODEL-CARD.md names; nothing that is built or installed waits for it.
EXTRA_DIST += \
	examples/tiny/recipe/adapters.py \
	examples/tiny/recipe/bare.py \
	examples/tiny/recipe/catalog.py \
	examples/tiny/recipe/errors.py \
	examples/tiny/recipe/evaluate.py \
	examples/tiny/recipe/everyday.jsonl \
	examples/tiny/recipe/fragments.py \
	examples/tiny/recipe/general.py \
	examples/tiny/recipe/grammar.py \
	examples/tiny/recipe/kinds.py \
	examples/tiny/recipe/kinds.txt \
	examples/tiny/recipe/make.sh \
	examples/tiny/recipe/measure.py \
	examples/tiny/recipe/messages.py \
	examples/tiny/recipe/mistakes.jsonl \
	examples/tiny/recipe/notices.py \
	examples/tiny/recipe/notices.txt \
	examples/tiny/recipe/prepare.py \
	examples/tiny/recipe/terms.py \
	examples/tiny/recipe/rude.jsonl \
	examples/tiny/recipe/tones.py \
	examples/tiny/recipe/TRIALS.md \
	examples/tiny/recipe/wordy.jsonl
tiny-model: all
	@test -n '$(DATA)' || { echo 'make tiny-model DATA=DIR' >&2; exit 1; }
	PYTHON3='$(PYTHON3)' sh $(srcdir)/examples/tiny/recipe/make.sh \
		$(abs_builddir) '$(DATA)' $(abs_builddir)/tiny
.PHONY: tiny-model
