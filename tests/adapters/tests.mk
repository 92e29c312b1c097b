check_PROGRAMS += tests/adapters/test-catalog
tests_adapters_test_catalog_SOURCES = tests/adapters/test-catalog.c
tests_adapters_test_catalog_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_catalog_LDADD = adapters/libcatalog.a util/libutil.a $(CHECK_LIBS) \
	$(YAML_LIBS) $(CRYPTO_LIBS)
