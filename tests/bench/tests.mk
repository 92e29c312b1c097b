dist_check_SCRIPTS += tests/bench/quick.py
EXTRA_DIST += tests/bench/bench.py tests/bench/charts.py tests/bench/models.py \
	tests/bench/report.py tests/bench/rows.py

# All figures, in bench/results.json and .html. MODELS=DIR has the files, or gets them (7 GB);
# PEER=DIR has peer.mjs, which runs another engine; ROUNDS=N; BENCHFLAGS=… go to bench.py.
MODELS = /var/tmp/assistantd-bench
PEER =
ROUNDS = 3
bench: all
	peer='$(PEER)'; $(PYTHON3) $(srcdir)/tests/bench/bench.py \
		--engine $(abs_builddir)/assistant-engine --models '$(MODELS)' \
		--out bench/results --rounds $(ROUNDS) \
		$${peer:+--reference "node $$peer/peer.mjs"} $(BENCHFLAGS)
# That the measuring works, in seconds; `make check` does it too.
bench-quick: all
	$(AM_TESTS_ENVIRONMENT) $(PYTHON3) $(srcdir)/tests/bench/quick.py
.PHONY: bench bench-quick
